"""Contract of `deploy_shadow`."""

from kfp import dsl
from kfp.dsl import Input, Output

from components.container import container
from components.types import RegisteredModel, Verdict


@dsl.container_component
def deploy_shadow(
    name: str,
    policy: str,
    store: str,
    target: str,
    flags: str,
    models: str,
    verdict: Output[Verdict],
    slot: dsl.OutputPath(str),
    release: dsl.OutputPath(str),
    outcome: dsl.OutputPath(str),
    version: str = "",
    reason: str = "",
    model: Input[RegisteredModel] = None,
):
    """Serve a registered model beside the champion on a cluster, and start its release as a shadow.

    Only a version whose gates have all passed is taken. Its files are copied from the registry to
    the bucket, once, in a folder named by their digest; the slot that is idle gets them; it is
    asked real rows until it answers with the scores that the files themselves give; only then
    does its release begin in its first phase, under these rules.

    The registry's champion, where nobody answers yet, gets all traffic: there is nobody whose
    shadow it could be. So this component also brings the first model of all to a new cluster.

    It may be retried and run again: what is there is not made twice. It never restarts what was
    rolled back or ended undecided; then its outcome is BLOCK, and a person may start that again.
    Turn KFP's caching off for it: it changes the world. Retry it: what does not answer, or does
    not follow yet, fails it, and the next try goes on.

    Where no version is named, it takes what is due: the champion until it answers, then the
    challenger. Nothing is done, and the verdict says why, where that is served already (PASS), and
    where nothing is registered, another one's release is under way or a kill switch is on
    (INCONCLUSIVE): it may run on a schedule, as pipeline phasegate-deployment does.

    Beside a local Envoy there is nothing to deploy to: phasegate serve starts servers, and
    release_step or phasegate release start begins the release.

    Args:
        name: name of the model, in the registry and as it is served.
        policy: the project's release policy, as JSON.
        store: where releases are kept: a folder or a gs:// address.
        target: where traffic is: kserve-gateway:NAMESPACE/NAME or kserve-serverless:NAMESPACE/NAME.
        flags: file of the kill switch, or module:factory of an OpenFeature provider.
        models: where servers fetch models from: gs://BUCKET/PREFIX.
        version: NAME/VERSION or NAME@ALIAS; empty takes that of the artifact or, without one, what
            is due.
        reason: for the audit log.
        model: the version as component register gave it; it must be the one that is named, if both
            are.

    Returns:
        verdict: on the model: PASS says what was looked at before it was let beside users, BLOCK
            why it was refused, INCONCLUSIVE why it waits.
        slot: first 12 digits of its digest, which it is known by in traffic and metrics; empty
            where there is no model.
        release: name of its release; empty for the first model of all, and where there is none.
        outcome: the verdict's outcome, for conditions.
    """
    return container("core", "components.deploy_shadow")
