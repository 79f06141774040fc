"""Contract of `record_block`."""

from kfp import dsl
from kfp.dsl import Input

from components.container import container
from components.types import Verdict


@dsl.container_component
def record_block(name: str, verdict: Input[Verdict]):
    """Record in MLflow that a gate stopped the pipeline, and why.

    Args:
        name: name of the model; also its MLflow experiment.
        verdict: the verdict that was not PASS.
    """
    return container("core", "components.record_block")
