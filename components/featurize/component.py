"""Contract of `featurize`."""

from kfp import dsl
from kfp.dsl import Input, Output

from components.container import container
from components.types import DataSnapshot, FeatureSet


@dsl.container_component
def featurize(
    data: str,
    features: str,
    snapshot: Input[DataSnapshot],
    feature_set: Output[FeatureSet],
):
    """Compute the features of every event, from what was known strictly before it.

    Args:
        data: data section of the project file, as JSON.
        features: features section of the project file, as JSON.
        snapshot: events, one row each.

    Returns:
        feature_set: one row for each event.
    """
    return container("core", "components.featurize")
