"""Contract of `release_step`."""

from kfp import dsl
from kfp.dsl import Metrics, Output

from components.container import container
from components.types import Verdict


@dsl.container_component
def release_step(
    name: str,
    policy: str,
    store: str,
    log: str,
    target: str,
    flags: str,
    slots: str,
    verdict: Output[Verdict],
    metrics: Output[Metrics],
    action: dsl.OutputPath(str),
):
    """Carry a model's release on by at most one decision; start one where that is due.

    Args:
        name: name of the model, in the registry and as it is served.
        policy: the project's release policy, as JSON.
        store: where releases are kept: a folder or a gs:// address.
        log: store of the prediction log: a folder or a gs:// address.
        target: where traffic is: envoy:/folder, kserve-gateway:NAMESPACE/NAME or
            kserve-serverless:NAMESPACE/NAME.
        flags: file of the kill switch, or module:factory of an OpenFeature provider.
        slots: beside an Envoy, model servers by the first 12 digits of their model's digest, as a
            JSON object of IP:PORT; empty beside a local proxy and on a cluster, which know them.

    Returns:
        verdict: on the challenger's model: PASS goes on, BLOCK rolls back, INCONCLUSIVE waits.
        metrics: where the release stands.
        action: start, hold, advance, finish, freeze, roll back, end inconclusive, or none.
    """
    return container("core", "components.release_step")
