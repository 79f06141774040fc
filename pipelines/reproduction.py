"""Reproduction: make a registered model again and compare it byte for byte."""

from kfp import dsl

from components.reproduce.component import reproduce
from pipelines.steps import step


@dsl.pipeline(
    name="phasegate-reproduction",
    display_name="Phasegate reproduction",
    description="Make a registered model again from its provenance; name what differs.",
)
def reproduction_pipeline(model: str, against: str = ""):
    """Check that a registered model can still be made again.

    Args:
        model: NAME@ALIAS or NAME/VERSION in the registry.
        against: sections of a project file, as JSON, to name what has changed since; may be empty.
    """
    step(
        reproduce(model=model, against=against),
        "Reproduce", cpu="2", memory="8Gi", cached=False,
    )  # fmt: skip
