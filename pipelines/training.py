"""Training: from data to a registered model, with a gate at every stage."""

from collections.abc import Callable
from typing import Any

from kfp import dsl

from components.evaluate.component import evaluate
from components.featurize.component import featurize
from components.ingest.component import ingest
from components.profile.component import profile
from components.record_block.component import record_block
from components.register.component import register
from components.train.component import train
from components.validate.component import validate
from components.validate_serving.component import validate_serving
from pipelines.steps import step

Text = Any  # what a parameter is while a pipeline is built: a channel, or a string
Ended = Callable[[Any], None]


def training_steps(
    *,
    name: Text,
    data: Text,
    validation: Text,
    features: Text,
    split: Text,
    training: Text,
    evaluation: Text,
    serving: Text,
    monitoring: Text,
    store: Text,
    on_registered: Ended | None = None,
    on_blocked: Ended | None = None,
) -> None:
    """Put the steps of a training into the pipeline that is being built.

    Args:
        name, data, validation, features, split, training, evaluation, serving, monitoring, store:
            as those of `training_pipeline`.
        on_registered: adds steps behind the registration, from the registered model.
        on_blocked: adds steps behind the record of a block, from the verdict.
    """

    def blocked(verdict: Any) -> None:
        step(
            record_block(name=name, verdict=verdict),
            "Record the block", cpu="1", memory="1Gi", cached=False,
        )  # fmt: skip
        if on_blocked:
            on_blocked(verdict)

    ingested = step(ingest(data=data, store=store), "Ingest", cpu="2", memory="4Gi", cached=False)
    snapshot = ingested.outputs["snapshot"]
    validated = step(
        validate(data=data, validation=validation, snapshot=snapshot),
        "Validate data", cpu="2", memory="8Gi", cached=True,
    )  # fmt: skip

    with dsl.If(validated.outputs["outcome"] == "PASS", name="data-pass"):
        featurized = step(
            featurize(data=data, features=features, snapshot=snapshot),
            "Featurize", cpu="2", memory="8Gi", cached=True,
        )  # fmt: skip
        feature_set = featurized.outputs["feature_set"]
        trained = step(
            train(
                name=name, data=data, features=features, split=split, training=training,
                evaluation=evaluation, snapshot=snapshot, feature_set=feature_set,
            ),
            "Train", cpu="2", memory="8Gi", cached=True,
        )  # fmt: skip
        model = trained.outputs["model"]
        profiled = step(
            profile(
                data=data, split=split, training=training, serving=serving, monitoring=monitoring,
                feature_set=feature_set, model=model,
            ),
            "Profile", cpu="1", memory="4Gi", cached=True,
        )  # fmt: skip
        evaluated = step(
            evaluate(
                name=name, data=data, split=split, training=training, evaluation=evaluation,
                snapshot=snapshot, feature_set=feature_set, model=model,
            ),
            "Evaluate", cpu="2", memory="8Gi", cached=False,
        )  # fmt: skip

        with dsl.If(evaluated.outputs["outcome"] == "PASS", name="evaluation-pass"):
            served = step(
                validate_serving(
                    name=name, split=split, training=training, serving=serving,
                    feature_set=feature_set, model=model,
                ),
                "Validate serving", cpu="2", memory="4Gi", cached=False,
            )  # fmt: skip

            with dsl.If(served.outputs["outcome"] == "PASS", name="serving-pass"):
                entered = step(
                    register(
                        name=name, model=model, provenance=trained.outputs["provenance"],
                        data_verdict=validated.outputs["verdict"],
                        evaluation_verdict=evaluated.outputs["verdict"],
                        serving_verdict=served.outputs["verdict"],
                        reference=profiled.outputs["reference"],
                    ),
                    "Register", cpu="1", memory="2Gi", cached=False,
                )  # fmt: skip
                if on_registered:
                    on_registered(entered.outputs["registered"])
            with dsl.Else(name="serving-block"):
                blocked(served.outputs["verdict"])
        with dsl.Else(name="evaluation-block"):
            blocked(evaluated.outputs["verdict"])
    with dsl.Else(name="data-block"):
        blocked(validated.outputs["verdict"])


@dsl.pipeline(
    name="phasegate-training",
    display_name="Phasegate training",
    description="Ingest, validate, featurize, train, evaluate, validate serving, register.",
)
def training_pipeline(
    name: str,
    data: str,
    validation: str,
    features: str,
    split: str,
    training: str,
    evaluation: str,
    serving: str,
    store: str,
    monitoring: str = "{}",
):
    """Turn a source of events into a registered model, or into a verdict that says why not.

    Args:
        name: name of the model in the registry.
        data: data section of the project file, as JSON.
        validation: validation section, as JSON.
        features: features section, as JSON.
        split: split section, as JSON.
        training: training section, as JSON.
        evaluation: evaluation section, as JSON.
        serving: serving section, as JSON.
        store: where snapshots' parts are kept: a folder or a gs:// address.
        monitoring: monitoring policy, as JSON; what it leaves out has its default.
    """
    training_steps(
        name=name, data=data, validation=validation, features=features, split=split,
        training=training, evaluation=evaluation, serving=serving, monitoring=monitoring,
        store=store,
    )  # fmt: skip
