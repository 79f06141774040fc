"""Contract of `abandon_training`."""

from kfp import dsl

from components.container import container


@dsl.container_component
def abandon_training(
    name: str,
    store: str,
    run: str,
    holder: str,
    status: dsl.PipelineTaskFinalStatus,
):
    """Record that a training failed which this run claimed and did not bring to an end.

    Args:
        name: name of the model.
        store: where the monitoring journal is kept: a folder or a gs:// address.
        run: name of this run of the pipeline.
        holder: who claimed; empty takes the run.
        status: how the run went.
    """
    return container("core", "components.abandon_training")
