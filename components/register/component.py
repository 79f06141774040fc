"""Contract of `register`."""

from kfp import dsl
from kfp.dsl import Input, Output

from components.container import container
from components.types import Provenance, ReferenceProfile, RegisteredModel, TrainedModel, Verdict


@dsl.container_component
def register(
    name: str,
    model: Input[TrainedModel],
    provenance: Input[Provenance],
    data_verdict: Input[Verdict],
    evaluation_verdict: Input[Verdict],
    serving_verdict: Input[Verdict],
    reference: Input[ReferenceProfile],
    registered: Output[RegisteredModel],
):
    """Enter a model into the MLflow registry, if every gate passed exactly this model.

    Args:
        name: registered name.
        model: the model.
        provenance: how to make it again.
        data_verdict: verdict of `validate`, on the model's snapshot.
        evaluation_verdict: verdict of `evaluate`, on the model.
        serving_verdict: verdict of `validate_serving`, on the model.
        reference: what windows of the model's predictions will be held against.

    Returns:
        registered: name, version and alias; the first version is the champion.
    """
    return container("core", "components.register")
