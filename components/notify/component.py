"""Contract of `notify`."""

from kfp import dsl
from kfp.dsl import Input

from components.container import container
from components.types import RetrainingAdvice


@dsl.container_component
def notify(
    name: str,
    store: str,
    sink: str,
    denied: str,
    advice: Input[RetrainingAdvice],
):
    """Tell people what they have to do: nothing is sent where nothing is to be done.

    A CloudEvent, dev.phasegate.person.asked or dev.phasegate.training.denied, is kept in the store
    under monitoring/NAME/alerts/, and posted to the sink where there is one.

    Args:
        name: name of the model.
        store: where alerts are kept: a folder or a gs:// address.
        sink: http address that takes CloudEvents; may be empty.
        denied: why a training that was advised may not begin; empty where none was denied.
        advice: what was decided.
    """
    return container("core", "components.notify")
