"""Contract of `decide_retraining`."""

from kfp import dsl
from kfp.dsl import HTML, Input, Output

from components.container import container
from components.types import (
    DriftReport,
    ObservedWindow,
    PerformanceReport,
    RetrainingAdvice,
    SkewFindings,
)


@dsl.container_component
def decide_retraining(
    policy: str,
    store: str,
    window: Input[ObservedWindow],
    performance: Input[PerformanceReport],
    drift: Input[DriftReport],
    skew: Input[SkewFindings],
    advice: Output[RetrainingAdvice],
    report: Output[HTML],
    action: dsl.OutputPath(str),
):
    """Decide what is to be done about a model, and write it into the monitoring journal.

    A sudden drop or broken inputs that an announced change explains are rolled back; a gradual
    decline, or performance below the floor, is retrained for; what cannot be told is asked of a
    person, whose answer the next decision carries out, once. The same decision is written once,
    however often the step runs.

    Args:
        policy: the project's monitoring policy, as JSON.
        store: where the journal is kept: a folder or a gs:// address.
        window: what was looked at, and what was changed under the model.
        performance: of the champion and those before it.
        drift: judgements of the window.
        skew: served features against recomputed ones.

    Returns:
        advice: action, reasons, and the numbers behind them.
        report: the same as a page to read, with the metric over time.
        action: NOTHING, RETRAIN, ROLL_BACK or ASK.
    """
    return container("core", "components.decide_retraining")
