"""Contract of `end_training`."""

from kfp import dsl
from kfp.dsl import Input

from components.container import container
from components.types import RegisteredModel, Verdict


@dsl.container_component
def end_training(
    name: str,
    store: str,
    run: str,
    claim: str,
    registered: Input[RegisteredModel] = None,
    verdict: Input[Verdict] = None,
):
    """Record in the monitoring journal how a training that was claimed has ended.

    Args:
        name: name of the model.
        store: where the monitoring journal is kept: a folder or a gs:// address.
        run: name of this run of the pipeline.
        claim: number of the claim in the journal.
        registered: the version that it came to; either this
        verdict: or the verdict that stopped it.
    """
    return container("core", "components.end_training")
