"""Deployment: serve what is due on a cluster; run it again and again, like the release's steps."""

from kfp import dsl

from components.deploy_shadow.component import deploy_shadow
from pipelines.steps import step


@dsl.pipeline(
    name="phasegate-deployment",
    display_name="Phasegate deployment",
    description="Serve the first champion, or a challenger as its shadow, on a cluster.",
)
def deployment_pipeline(
    name: str,
    policy: str,
    store: str,
    target: str,
    flags: str,
    models: str,
    version: str = "",
    reason: str = "",
):
    """Serve a registered model, and start its release as a shadow; meant for a recurring run.

    Without a version it takes what is due: the registry's champion until it answers, then its
    challenger. Mostly nothing is; then the run succeeds, and the step's verdict says why. So it
    does where a version is refused, because its release did not end in promotion. A run that is
    late, doubled or cut off does no harm: the next one goes on.

    Args:
        name: name of the model, in the registry and as it is served.
        policy: the project's release policy, as JSON.
        store: where releases are kept: a folder or a gs:// address.
        target: where traffic is: kserve-gateway:NAMESPACE/NAME or kserve-serverless:NAMESPACE/NAME.
        flags: file of the kill switch, or module:factory of an OpenFeature provider.
        models: where servers fetch models from: gs://BUCKET/PREFIX.
        version: NAME/VERSION or NAME@ALIAS; empty takes what is due.
        reason: for the audit log.
    """
    step(
        deploy_shadow(
            name=name, policy=policy, store=store, target=target, flags=flags, models=models,
            version=version, reason=reason,
        ),
        "Deploy", cpu="1", memory="4Gi", cached=False,
    )  # fmt: skip
