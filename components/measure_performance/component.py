"""Contract of `measure_performance`."""

from kfp import dsl
from kfp.dsl import HTML, Input, Output

from components.container import container
from components.types import ObservedWindow, PerformanceReport, ReferenceProfile


@dsl.container_component
def measure_performance(
    policy: str,
    log: str,
    window: Input[ObservedWindow],
    reference: Input[ReferenceProfile],
    performance: Output[PerformanceReport],
    report: Output[HTML],
):
    """Measure the model on matured labels, and estimate it from scores where there are none yet.

    Args:
        policy: the project's monitoring policy, as JSON.
        log: store of the prediction log: a folder or a gs:// address.
        window: that is looked at, with the history before it.
        reference: profile of the champion, whose calibration estimates rest on.

    Returns:
        performance: windows over the history, for each model that answered users: confusion,
            metric and estimate with intervals, and whether past estimates held.
        report: the same as a page to read.
    """
    return container("core", "components.measure_performance")
