"""Contract of `rollback`."""

from kfp import dsl

from components.container import container


@dsl.container_component
def rollback(
    name: str,
    reason: str,
    store: str,
    target: str,
    outcome: dsl.OutputPath(str),
    champion: dsl.OutputPath(str),
    release: str = "",
    flags: str = "",
    slots: str = "",
):
    """Give the champion everything back: from any phase, and after a promotion while it is warm.

    The record first, then traffic, by one change of one object, then the registry's aliases. It
    needs no gate, no log and no verdict: going back is always allowed. If the store does not
    answer, the proxy's kill switch is pulled instead, and the component fails, so that a retry
    records it. A release that was rolled back already is only seen to be followed.

    Name the release where the pipeline knows it: a retry that comes late must not take back the
    release after it. Turn KFP's caching off for it: it changes the world.

    Args:
        name: name of the model, in the registry and as it is served.
        reason: for the audit log; at least 10 characters.
        store: where releases are kept: a folder or a gs:// address.
        target: where traffic is: envoy:/folder, kserve-gateway:NAMESPACE/NAME or
            kserve-serverless:NAMESPACE/NAME.
        release: that is to be taken back, as deploy_shadow names it; empty takes the newest one.
        flags: file of the kill switch, or module:factory of an OpenFeature provider; not needed.
        slots: beside an Envoy, model servers by the first 12 digits of their model's digest, as a
            JSON object of IP:PORT; empty beside a local proxy and on a cluster, which know them.

    Returns:
        outcome: DONE; or NOTHING where no release was under way that could be taken back.
        champion: NAME/VERSION that answers now.
    """
    return container("core", "components.rollback")
