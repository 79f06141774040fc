"""Contract of `train`."""

from kfp import dsl
from kfp.dsl import HTML, Input, Metrics, Output

from components.container import container
from components.types import DataSnapshot, FeatureSet, Provenance, TrainedModel


@dsl.container_component
def train(
    name: str,
    data: str,
    features: str,
    split: str,
    training: str,
    evaluation: str,
    snapshot: Input[DataSnapshot],
    feature_set: Input[FeatureSet],
    model: Output[TrainedModel],
    provenance: Output[Provenance],
    metrics: Output[Metrics],
    page: Output[HTML],
):
    """Train, calibrate and set the threshold of an XGBoost model, reproducibly.

    Args:
        name: name of the model; also its MLflow experiment.
        data: data section of the project file, as JSON.
        features: features section of the project file, as JSON.
        split: split section of the project file, as JSON.
        training: training section of the project file, as JSON.
        evaluation: evaluation section, as JSON: a threshold may maximize its business value.
        snapshot: the data that the features were computed from.
        feature_set: features and label of every event.

    Returns:
        model: booster, encoding, calibration and threshold.
        provenance: all that is needed to make the same model again.
        metrics: metrics on the validation and calibration rows.
        page: learning curves.
    """
    return container("core", "components.train")
