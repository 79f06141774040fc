"""Contract of `shift_traffic`."""

from kfp import dsl
from kfp.dsl import Input, Metrics, Output

from components.container import container
from components.types import Verdict


@dsl.container_component
def shift_traffic(
    name: str,
    weight: float,
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
    """Bring a release to a share of the traffic, if its own gates let it.

    Your pipeline says when, the release's gates say whether. The share must be that of a phase of
    the release's policy. Each look weighs all evidence of the phase that the release is in, and
    goes to the next one only if that phase's minimum is reached and every gate of it passes; it
    skips none, and stops at the share that was asked for. Harm that a look finds rolls the
    release back. The verdict that is connected can only hold: it has to be PASS, on exactly the
    challenger's model, and moves nothing by itself.

    So there is no way past the gates, and the outcomes can be chained: the verdict of
    deploy_shadow goes into the first shift_traffic, its `judged` into the next or into promote,
    and what was not reached lets nothing after it move. PASS: the challenger has this share, or
    more. INCONCLUSIVE: not yet; wait longer, or run it again, later. BLOCK: the release was rolled
    back, or the verdict is no PASS on its challenger.

    A recurring release_step carries a release on by itself, as far as gates let it; use that, or
    shift_traffic where a pipeline of yours is to set the pace. Both at once do no harm. Turn KFP's
    caching off for it: it observes and changes the world. Retry it: what does not answer, or does
    not follow yet, fails it, and the next try goes on.

    Args:
        name: name of the model, in the registry and as it is served.
        weight: the challenger's share, in percent, as a phase of the release's policy has it.
        store: where releases are kept: a folder or a gs:// address.
        log: store of the prediction log: a folder or a gs:// address.
        target: where traffic is: envoy:/folder, kserve-gateway:NAMESPACE/NAME or
            kserve-serverless:NAMESPACE/NAME.
        flags: file of the kill switch, or module:factory of an OpenFeature provider.
        verdict: of deploy_shadow, of a shift_traffic before, or of a gate of yours, on the
            challenger's model.
        wait_minutes: how long to look again, once a minute, while gates are undecided; 0 looks
            once.
        slots: beside an Envoy, model servers by the first 12 digits of their model's digest, as a
            JSON object of IP:PORT; empty beside a local proxy and on a cluster, which know them.

    Returns:
        judged: on the challenger's model: PASS, INCONCLUSIVE or BLOCK, with what each gate found.
        metrics: where the release stands.
        outcome: the verdict's outcome, for conditions.
    """
    return container("core", "components.shift_traffic")
