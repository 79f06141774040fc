"""Release: one step of a model's release; run it again and again, every hour or so."""

from kfp import dsl

from components.release_step.component import release_step
from pipelines.steps import step


@dsl.pipeline(
    name="phasegate-release",
    display_name="Phasegate release",
    description="Look at a release and decide once: hold, advance, finish, freeze or roll back.",
)
def release_pipeline(
    name: str, policy: str, store: str, log: str, target: str, flags: str, slots: str = ""
):
    """Carry a release on by at most one decision; meant for a recurring run.

    A run that is late, doubled or cut off does no harm: the next one goes on.

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
    """
    step(
        release_step(
            name=name, policy=policy, store=store, log=log, target=target, flags=flags, slots=slots,
        ),
        "Release step", cpu="2", memory="4Gi", cached=False,
    )  # fmt: skip
