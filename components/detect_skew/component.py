"""Contract of `detect_skew`."""

from kfp import dsl
from kfp.dsl import HTML, Input, Output

from components.container import container
from components.types import ObservedWindow, SkewFindings


@dsl.container_component
def detect_skew(
    policy: str,
    data: str,
    features: str,
    log: str,
    window: Input[ObservedWindow],
    skew: Output[SkewFindings],
    report: Output[HTML],
    alerts: dsl.OutputPath(int),
):
    """Compute the features of logged requests again from raw events, and compare row by row.

    Features of which rows differ are also compared as distributions, by TFDV's skew comparator.

    Args:
        policy: the project's monitoring policy, as JSON; it says where raw events are.
        data: data section of the project file, as JSON.
        features: features section of the project file, as JSON.
        log: store of the prediction log: a folder or a gs:// address.
        window: what is looked at.

    Returns:
        skew: differing rows of each feature, the first of them, and the likely cause.
        report: the same as a page to read.
        alerts: features that alert; 1 where nothing could be compared though there were rows.
    """
    return container("tfdv", "components.detect_skew")
