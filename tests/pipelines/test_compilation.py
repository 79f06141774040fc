"""Compiled pipelines and generated READMEs are what the sources say, and KFP accepts them."""

import pytest
from kfp import components as kfp_components
from kfp import dsl
from kfp.dsl.types.type_utils import InconsistentTypeException

from components.evaluate.component import evaluate
from components.ingest.component import ingest
from components.validate.component import validate
from phasegate.local.environments import ROOT
from pipelines import compilation

COMPILED = sorted((ROOT / "pipelines" / "compiled").glob("*.yaml"))
# They read or change something outside their inputs: source, registry, traffic, log, journal, a
# server's speed.
EFFECTS = {
    "ingest", "evaluate", "validate-serving", "register", "record-block", "release-step",
    "reproduce", "observe", "detect-skew", "detect-drift", "measure-performance",
    "decide-retraining", "claim-training", "end-training", "abandon-training", "undo-change",
    "notify", "deploy-shadow",
}  # fmt: skip


def test_committed_yaml_and_readmes_are_up_to_date() -> None:
    assert compilation.write_all(check=True) == []


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: path.stem)
def test_kfp_loads_what_was_compiled(path) -> None:
    assert kfp_components.load_component_from_file(str(path)).name.startswith("phasegate-")


def test_the_type_checker_refuses_a_wrong_connection() -> None:
    said = r"input 'feature_set' of component 'evaluate'.*'system\.ValidationReport@1\.0\.0'"
    with pytest.raises(InconsistentTypeException, match=said):

        @dsl.pipeline
        def wrong(data: str):
            snapshot = ingest(data=data, store="s").outputs["snapshot"]
            validated = validate(data=data, validation="{}", snapshot=snapshot)
            evaluate(
                name="n", data=data, split="{}", training="{}", evaluation="{}",
                snapshot=snapshot, feature_set=validated.outputs["report"],
                model=validated.outputs["schema"],
            )  # fmt: skip


@pytest.mark.parametrize("pipeline", compilation.PIPELINES.values(), ids=lambda one: one.name)
def test_every_step_has_retries_resources_a_title_and_its_own_caching(pipeline) -> None:
    spec = pipeline.pipeline_spec
    dags = [spec.root.dag, *(c.dag for c in spec.components.values() if c.HasField("dag"))]
    steps = [
        (task, spec.components[task.component_ref.name])
        for dag in dags
        for task in dag.tasks.values()
        if spec.components[task.component_ref.name].executor_label
    ]
    assert steps
    for task, component in steps:
        container = spec.deployment_spec["executors"][component.executor_label]["container"]
        assert container["resources"]["resourceMemoryRequest"]
        assert container["image"].count(":") == 1
        assert task.retry_policy.max_retry_count == 2
        assert task.task_info.name[0].isupper()
        name = task.component_ref.name.removeprefix("comp-").rstrip("-0123456789")
        assert task.caching_options.enable_cache == (name not in EFFECTS)


@pytest.mark.parametrize("pipeline", compilation.PIPELINES.values(), ids=lambda one: one.name)
def test_every_condition_has_its_opposite(pipeline) -> None:
    """A bare If on a task's output silently never runs in kfp's local orchestrator."""
    spec = pipeline.pipeline_spec
    for dag in [spec.root.dag, *(c.dag for c in spec.components.values() if c.HasField("dag"))]:
        conditions = {task.trigger_policy.condition for task in dag.tasks.values()} - {""}
        for condition in conditions:
            opposite = f"!({condition})" if not condition.startswith("!(") else condition[2:-1]
            assert opposite in conditions
