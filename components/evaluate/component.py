"""Contract of `evaluate`."""

from kfp import dsl
from kfp.dsl import HTML, ClassificationMetrics, Input, Metrics, Output

from components.container import container
from components.types import DataSnapshot, Evaluation, FeatureSet, TrainedModel, Verdict


@dsl.container_component
def evaluate(
    name: str,
    data: str,
    split: str,
    training: str,
    evaluation: str,
    snapshot: Input[DataSnapshot],
    feature_set: Input[FeatureSet],
    model: Input[TrainedModel],
    evaluated: Output[Evaluation],
    verdict: Output[Verdict],
    metrics: Output[Metrics],
    classification: Output[ClassificationMetrics],
    page: Output[HTML],
    outcome: dsl.OutputPath(str),
):
    """Judge a model against its gates, and against the champion on the same frozen rows.

    Args:
        name: name of the registered model, whose champion is the one to beat.
        data: data section of the project file, as JSON.
        split: split section of the project file, as JSON.
        training: training section of the project file, as JSON.
        evaluation: evaluation section of the project file, as JSON.
        snapshot: raw events, for slices and for the champion's own features.
        feature_set: features and label of every event.
        model: the challenger.

    Returns:
        evaluated: metrics with intervals, curves, slices and fairness.
        verdict: PASS, BLOCK or INCONCLUSIVE, on the model's digest.
        metrics: headline metrics.
        classification: ROC curve and confusion matrix.
        page: the report as a page to read.
        outcome: the verdict's outcome, for conditions.
    """
    return container("core", "components.evaluate")
