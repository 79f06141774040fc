"""Contract of `promote`."""

from kfp import dsl
from kfp.dsl import Input, Metrics, Output

from components.container import container
from components.types import Verdict


@dsl.container_component
def promote(
    name: str,
    store: str,
    log: str,
    target: str,
    flags: str,
    verdict: Input[Verdict],
    judged: Output[Verdict],
    metrics: Output[Metrics],
    outcome: dsl.OutputPath(str),
    wait_minutes: int = 0,
    slots: str = "",
):
    """Give the challenger the champion's place, if every gate of the last phase lets it.

    It finishes a release that is in its last phase, and does nothing in any phase before: that is
    shift_traffic's. The look weighs all evidence of the last phase; its minimum must be reached
    and every gate pass. The verdict that is connected can only hold, as in shift_traffic.

    PASS: promoted; the old champion stays warm in its slot, and component rollback takes the
    promotion back. INCONCLUSIVE: not yet; wait longer, or run it again, later. BLOCK: the release
    was rolled back, or the verdict is no PASS on its challenger.

    Turn KFP's caching off for it: it observes and changes the world. Retry it: what does not
    answer, or does not follow yet, fails it, and the next try goes on.

    Args:
        name: name of the model, in the registry and as it is served.
        store: where releases are kept: a folder or a gs:// address.
        log: store of the prediction log: a folder or a gs:// address.
        target: where traffic is: envoy:/folder, kserve-gateway:NAMESPACE/NAME or
            kserve-serverless:NAMESPACE/NAME.
        flags: file of the kill switch, or module:factory of an OpenFeature provider.
        verdict: of the shift_traffic before, or of a gate of yours, on the challenger's model.
        wait_minutes: how long to look again, once a minute, while gates are undecided; 0 looks
            once.
        slots: beside an Envoy, model servers by the first 12 digits of their model's digest, as a
            JSON object of IP:PORT; empty beside a local proxy and on a cluster, which know them.

    Returns:
        judged: on the challenger's model: PASS, INCONCLUSIVE or BLOCK, with what each gate found.
        metrics: where the release stands.
        outcome: the verdict's outcome, for conditions.
    """
    return container("core", "components.promote")
