"""Contract of `validate_serving`."""

from kfp import dsl
from kfp.dsl import Input, Metrics, Output

from components.container import container
from components.types import FeatureSet, TrainedModel, Verdict


@dsl.container_component
def validate_serving(
    name: str,
    split: str,
    training: str,
    serving: str,
    feature_set: Input[FeatureSet],
    model: Input[TrainedModel],
    verdict: Output[Verdict],
    metrics: Output[Metrics],
    outcome: dsl.OutputPath(str),
):
    """Load a model in a real KServe server and hold its answers against offline predictions.

    Args:
        name: name that the model is served under.
        split: split section of the project file, as JSON.
        training: training section of the project file, as JSON.
        serving: serving section of the project file, as JSON.
        feature_set: features, of which golden requests are made.
        model: the model to serve.

    Returns:
        verdict: PASS or BLOCK, on the model's digest.
        metrics: start-up time and latency.
        outcome: the verdict's outcome, for conditions.
    """
    return container("core", "components.validate_serving")
