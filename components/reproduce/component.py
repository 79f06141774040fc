"""Contract of `reproduce`."""

from kfp import dsl
from kfp.dsl import Output

from components.container import container
from components.types import Verdict


@dsl.container_component
def reproduce(
    model: str, verdict: Output[Verdict], outcome: dsl.OutputPath(str), against: str = ""
):
    """Make a registered model again from its provenance and compare it byte for byte.

    Args:
        model: NAME@ALIAS or NAME/VERSION in the registry.
        against: sections of a project file, as JSON, to name what has changed since; may be empty.

    Returns:
        verdict: PASS when the bytes are identical; BLOCK when they are not; INCONCLUSIVE when they
            are although code, lock or parameters have changed. Each changed input is named.
        outcome: the verdict's outcome, for conditions.
    """
    return container("core", "components.reproduce")
