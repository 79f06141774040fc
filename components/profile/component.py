"""Contract of `profile`."""

from kfp import dsl
from kfp.dsl import HTML, Input, Output

from components.container import container
from components.types import FeatureSet, ReferenceProfile, TrainedModel


@dsl.container_component
def profile(
    data: str,
    split: str,
    training: str,
    serving: str,
    monitoring: str,
    feature_set: Input[FeatureSet],
    model: Input[TrainedModel],
    reference: Output[ReferenceProfile],
    page: Output[HTML],
):
    """Count what a model's inputs and scores were like on rows that it did not learn from.

    Those are the calibration and test slices: out of sample, and the latest there are. Parts of the
    calendar are not monitored, they only tell the time; nor are sensitive columns, which the log
    does not hold as they are.

    Args:
        data: data section of the project file, as JSON.
        split: split section of the project file, as JSON.
        training: training section of the project file, as JSON.
        serving: serving section of the project file, as JSON, for `log.sensitive`.
        monitoring: the project's monitoring policy, as JSON, for how windows are cut and judged.
        feature_set: features and label of every event.
        model: the model, made from these features.

    Returns:
        reference: what windows of its predictions are held against.
        page: its features and scores as a page to read.
    """
    return container("core", "components.profile")
