"""Monitoring: look at what was served, decide what is to be done about it, and do it."""

from functools import partial

from kfp import dsl

from components.abandon_training.component import abandon_training
from components.claim_training.component import claim_training
from components.decide_retraining.component import decide_retraining
from components.detect_drift.component import detect_drift
from components.detect_skew.component import detect_skew
from components.end_training.component import end_training
from components.measure_performance.component import measure_performance
from components.notify.component import notify
from components.observe.component import observe
from components.undo_change.component import undo_change
from pipelines.steps import step
from pipelines.training import training_steps

small = partial(step, cpu="1", memory="2Gi", cached=False)
large = partial(step, cpu="2", memory="8Gi", cached=False)


@dsl.pipeline(
    name="phasegate-monitoring",
    display_name="Phasegate monitoring",
    description="Skew, drift and performance of the champion; then nothing, retrain or roll back.",
)
def monitoring_pipeline(
    name: str,
    policy: str,
    data: str,
    validation: str,
    features: str,
    split: str,
    training: str,
    evaluation: str,
    serving: str,
    monitoring: str,
    store: str,
    snapshots: str,
    log: str,
    target: str = "",
    flags: str = "",
    slots: str = "",
    source: str = "log",
    sink: str = "",
    holder: str = "",
    since: str = "",
    until: str = "",
):
    """Watch the champion, and close the loop; meant for a recurring run.

    A training that is called for runs in this same run; its model, if every gate lets it in, is
    registered as challenger, which the release pipeline takes from there. A run that is late,
    doubled or cut off does no harm: claims are in the journal, and the next run looks again.

    Args:
        name: name of the model, in the registry and as it is served.
        policy: the project's monitoring policy, as JSON.
        data: data section of the project file, as JSON.
        validation: validation section, as JSON.
        features: features section, as JSON.
        split: split section, as JSON.
        training: training section, as JSON.
        evaluation: evaluation section, as JSON.
        serving: serving section, as JSON.
        monitoring: what of the policy a new model's reference is made by, as JSON.
        store: where releases and the monitoring journal are kept: a folder or a gs:// address.
        snapshots: where snapshots' parts are kept: what the training pipeline has for a store.
        log: store of the prediction log: a folder or a gs:// address.
        target: where traffic is: envoy:/folder, kserve-gateway:NAMESPACE/NAME or
            kserve-serverless:NAMESPACE/NAME.
        flags: file of the kill switch, or module:factory of an OpenFeature provider.
        slots: beside an Envoy, model servers by the first 12 digits of their model's digest, as a
            JSON object of IP:PORT; empty beside a local proxy and on a cluster, which know them.
        source: what drift is counted from: log, or the sidecars' summaries.
        sink: http address that takes CloudEvents; may be empty.
        holder: who claims a training, where another run is to go on with it after a crash; empty
            takes this run.
        since: start of the window, ISO 8601; empty goes on where the last run ended.
        until: its end, ISO 8601; empty is the end of the last whole window.
    """
    run = dsl.PIPELINE_JOB_NAME_PLACEHOLDER
    abandoned = small(abandon_training(name=name, store=store, run=run, holder=holder),
                      "Abandon a failed training")  # fmt: skip
    with dsl.ExitHandler(abandoned, name="monitor"):
        observed = small(
            observe(name=name, policy=policy, store=store, log=log, since=since, until=until),
            "Observe",
        )
        window, reference = observed.outputs["window"], observed.outputs["reference"]
        skew = large(
            detect_skew(policy=policy, data=data, features=features, log=log, window=window),
            "Detect skew",
        )
        drift = large(
            detect_drift(policy=policy, log=log, source=source, window=window, reference=reference),
            "Detect drift",
        )
        performance = large(
            measure_performance(policy=policy, log=log, window=window, reference=reference),
            "Measure performance",
        )
        decided = small(
            decide_retraining(
                policy=policy, store=store, window=window,
                performance=performance.outputs["performance"], drift=drift.outputs["drift"],
                skew=skew.outputs["skew"],
            ),
            "Decide",
        )  # fmt: skip
        action, advice = decided.outputs["action"], decided.outputs["advice"]

        with dsl.If(action == "RETRAIN", name="retrain"):
            claimed = small(
                claim_training(
                    name=name, policy=policy, store=store, run=run, holder=holder, advice=advice
                ),
                "Claim the training",
            )

            def ended(**how) -> None:
                small(
                    end_training(
                        name=name, store=store, run=run, claim=claimed.outputs["claim"], **how
                    ),
                    "End the training",
                )

            with dsl.If(claimed.outputs["granted"] == "GRANTED", name="granted"):
                training_steps(
                    name=name, data=data, validation=validation, features=features, split=split,
                    training=training, evaluation=evaluation, serving=serving,
                    monitoring=monitoring, store=snapshots,
                    on_registered=lambda registered: ended(registered=registered),
                    on_blocked=lambda verdict: ended(verdict=verdict),
                )  # fmt: skip
            with dsl.Else(name="denied"):
                small(
                    notify(
                        name=name, store=store, sink=sink, denied=claimed.outputs["reason"],
                        advice=advice,
                    ),
                    "Notify",
                )  # fmt: skip
        with dsl.Else(name="do-not-retrain"):
            with dsl.If(action == "ROLL_BACK", name="undo-change"):
                small(
                    undo_change(
                        name=name, policy=policy, store=store, log=log, target=target,
                        flags=flags, slots=slots, sink=sink, advice=advice,
                    ),
                    "Undo the change",
                )  # fmt: skip
            with dsl.Else(name="only-tell"):
                small(notify(name=name, store=store, sink=sink, denied="", advice=advice), "Notify")
