"""Contract of `observe`."""

from kfp import dsl
from kfp.dsl import Output

from components.container import container
from components.types import ObservedWindow, ReferenceProfile


@dsl.container_component
def observe(
    name: str,
    policy: str,
    store: str,
    log: str,
    since: str,
    until: str,
    window: Output[ObservedWindow],
    reference: Output[ReferenceProfile],
):
    """Decide what a run of monitoring looks at: champion, reference, window, files, changes.

    The window is all whole ones since the last decision in the monitoring journal, at least one.

    Args:
        name: name of the model, in the registry and as it is served.
        policy: the project's monitoring policy, as JSON.
        store: where releases and the monitoring journal are kept: a folder or a gs:// address.
        log: store of the prediction log: a folder or a gs:// address.
        since: start of the window, ISO 8601; empty goes on where the last run ended.
        until: its end, ISO 8601; empty is the end of the last whole window.

    Returns:
        window: what all further steps look at.
        reference: the champion's reference profile, from the registry.
    """
    return container("core", "components.observe")
