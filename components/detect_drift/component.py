"""Contract of `detect_drift`."""

from kfp import dsl
from kfp.dsl import HTML, Input, Output

from components.container import container
from components.types import DriftReport, ObservedWindow, ReferenceProfile


@dsl.container_component
def detect_drift(
    policy: str,
    log: str,
    source: str,
    window: Input[ObservedWindow],
    reference: Input[ReferenceProfile],
    drift: Output[DriftReport],
    report: Output[HTML],
    outcome: dsl.OutputPath(str),
):
    """Judge whether what a model is asked, and what it answers, is still like its reference.

    Args:
        policy: the project's monitoring policy, as JSON.
        log: store of the prediction log: a folder or a gs:// address.
        source: log reads the rows; summaries adds up what the sidecars have counted, and reads only
            rows that several of them have. The windows are the same ones, each row once.
        window: that is looked at; it is cut into the policy's windows.
        reference: profile of the champion, with its calibration.

    Returns:
        drift: a judgement of each window: distances of all features, both rules with their rates of
            false alarms, and the alarms of all channels.
        report: the same as a page to read.
        outcome: alert, no drift, or not judged.
    """
    return container("core", "components.detect_drift")
