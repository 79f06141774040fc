"""Somebody else's pipeline, made of the four components: what KFP makes of it."""

import importlib
from typing import Any

import pytest
from kfp import compiler, dsl
from kfp import components as kfp_components
from kfp.dsl import Input, Output
from kfp.dsl.types.type_utils import InconsistentTypeException

from components.deploy_shadow.component import deploy_shadow
from components.promote.component import promote
from components.rollback.component import rollback
from components.shift_traffic.component import shift_traffic
from components.types import RegisteredModel, Verdict

NAMES = ("deploy_shadow", "shift_traffic", "promote", "rollback")


@dsl.container_component
def our_own_gate(model: Input[RegisteredModel], verdict: Output[Verdict]):
    """A gate that another team wrote, in an image of its own."""
    return dsl.ContainerSpec(
        image="example.com/gate:1", command=["gate"], args=[model.path, verdict.path]
    )


def uncached(task: dsl.PipelineTask) -> dsl.PipelineTask:
    """As the components' READMEs ask for."""
    return task.set_caching_options(False).set_retry(2)


@dsl.pipeline(name="their-release")
def their_release(
    name: str, policy: str, version: str, store: str, target: str, flags: str = "flags.json"
):
    """Import a registered model, serve it as a shadow, and bring it to users at their pace."""
    place = {"name": name, "store": store, "target": target, "flags": flags}
    model = dsl.importer(
        artifact_uri="gs://models/registered", artifact_class=RegisteredModel,
        metadata={"name": "card-fraud", "version": "2"},
    ).output  # fmt: skip
    deployed = uncached(
        deploy_shadow(
            **place, policy=policy, models="gs://models/fraud", version=version, model=model
        )
    )
    judged = uncached(our_own_gate(model=model)).outputs["verdict"]
    log = {"log": "gs://logs/fraud"}
    canary = uncached(
        shift_traffic(**place, **log, weight=10.0, verdict=judged, wait_minutes=60).after(deployed)
    )
    with dsl.If(canary.outputs["outcome"] == "PASS", name="go-on"):
        half = uncached(
            shift_traffic(**place, **log, weight=50.0, verdict=canary.outputs["judged"])
        )
        uncached(promote(**place, **log, verdict=half.outputs["judged"]))
    with dsl.Else(name="go-back"):
        uncached(
            rollback(
                name=name, store=store, target=target, reason="our gate did not pass",
                release=deployed.outputs["release"],
            )
        )  # fmt: skip


@pytest.fixture(scope="module")
def spec() -> Any:
    return their_release.pipeline_spec


def test_it_compiles_and_kfp_loads_it(tmp_path) -> None:
    path = tmp_path / "their_release.yaml"
    compiler.Compiler().compile(their_release, str(path))
    assert kfp_components.load_component_from_file(str(path)).name == "their-release"


def test_every_step_runs_its_module_in_the_core_image_with_one_argument(spec: Any) -> None:
    executors = spec.deployment_spec["executors"]
    for name in NAMES:
        container = executors[f"exec-{name.replace('_', '-')}"]["container"]
        assert container["image"].split(":")[0].endswith("/core")
        assert list(container["command"]) == ["python", "-m", f"components.{name}"]
        assert list(container["args"]) == ["--executor-input", "{{$}}"]


def test_artifacts_are_typed_and_only_the_model_is_optional(spec: Any) -> None:
    deploy = spec.components["comp-deploy-shadow"]
    model = deploy.input_definitions.artifacts["model"]
    assert (model.artifact_type.schema_title, model.is_optional) == ("system.RegisteredModel", True)
    assert {
        name: entry.is_optional for name, entry in deploy.input_definitions.parameters.items()
    } == {
        "name": False, "policy": False, "store": False, "target": False, "flags": False,
        "models": False, "version": True, "reason": True,
    }  # fmt: skip
    for name in ("comp-shift-traffic", "comp-promote"):
        verdict = spec.components[name].input_definitions.artifacts["verdict"]
        assert (verdict.artifact_type.schema_title, verdict.is_optional) == (
            "system.Verdict", False,
        )  # fmt: skip
        judged = spec.components[name].output_definitions.artifacts["judged"]
        assert judged.artifact_type.schema_title == "system.Verdict"
    # A way back needs no gate.
    assert not spec.components["comp-rollback"].input_definitions.artifacts


def test_nothing_that_changes_the_world_is_cached(spec: Any) -> None:
    dags = [spec.root.dag, *(c.dag for c in spec.components.values() if c.HasField("dag"))]
    tasks = [task for dag in dags for task in dag.tasks.values()]
    ours = [
        task
        for task in tasks
        if any(task.component_ref.name.startswith(f"comp-{n.replace('_', '-')}") for n in NAMES)
    ]
    assert len(ours) == 5
    for task in ours:
        assert not task.caching_options.enable_cache
        assert task.retry_policy.max_retry_count == 2


def test_a_gate_cannot_be_left_out_nor_replaced_by_something_else() -> None:
    place = {"name": "n", "store": "s", "target": "t", "flags": "f", "log": "l"}
    with pytest.raises(TypeError, match="missing 1 required argument: verdict"):

        @dsl.pipeline
        def without():
            promote(**place)

    with pytest.raises(InconsistentTypeException, match=r"system\.Verdict"):

        @dsl.pipeline
        def wrong():
            model = dsl.importer(artifact_uri="gs://m", artifact_class=RegisteredModel).output
            promote(**place, verdict=model)


@pytest.mark.parametrize("name", NAMES)
def test_readmes_say_what_a_pipeline_has_to_know(name: str) -> None:
    said = importlib.import_module(f"components.{name}.component").__dict__[name].description
    assert "caching off" in said
    assert "retr" in said.lower()
