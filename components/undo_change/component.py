"""Contract of `undo_change`."""

from kfp import dsl
from kfp.dsl import Input

from components.container import container
from components.types import RetrainingAdvice


@dsl.container_component
def undo_change(
    name: str,
    policy: str,
    store: str,
    log: str,
    target: str,
    flags: str,
    slots: str,
    sink: str,
    advice: Input[RetrainingAdvice],
    outcome: dsl.OutputPath(str),
):
    """Take back the change that is to blame: a release by itself, any other by asking its owner.

    What is not a release is asked for by a CloudEvent, dev.phasegate.rollback.requested, in the
    store under monitoring/NAME/alerts/, and posted to the sink where there is one.

    Args:
        name: name of the model, in the registry and as it is served.
        policy: the project's monitoring policy, as JSON.
        store: where releases and the monitoring journal are kept: a folder or a gs:// address.
        log: store of the prediction log: a folder or a gs:// address.
        target: where traffic is: envoy:/folder, kserve-gateway:NAMESPACE/NAME or
            kserve-serverless:NAMESPACE/NAME.
        flags: file of the kill switch, or module:factory of an OpenFeature provider.
        slots: beside an Envoy, model servers by the first 12 digits of their model's digest, as a
            JSON object of IP:PORT; empty beside a local proxy and on a cluster, which know them.
        sink: http address that takes CloudEvents; may be empty.
        advice: what was decided.

    Returns:
        outcome: DONE, ASKED or DENIED.
    """
    return container("core", "components.undo_change")
