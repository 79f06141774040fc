"""A pipeline that was compiled for a cluster runs here: local runs do not look at its platform."""

import yaml
from kfp import dsl

from phasegate.errors import ExitCode
from phasegate.local.record import State
from phasegate.project.platform import Key, Mount, Platform, Toleration
from pipelines.platform import on_platform
from pipelines.steps import step
from tests.local.test_run import Runs, first, runs, second

__all__ = ["runs"]  # the fixture

PLATFORM = Platform(
    container={"image_pull_policy": "Always", "run_as_user": 1, "memory": "64Gi"},
    pull_secrets={"registry": None},
    node_selector={"pool": "batch"},
    tolerations={Toleration("batch", "Exists", "", ""): None},
    environment={"PASSWORD": Key("secrets", "tracking", "password", False)},
    mounts={"/data": Mount("claim", "data"), "/keys": Mount("secrets", "keys")},
    labels={"team": "risk"},
)


def test_a_pipeline_for_a_cluster_runs_on_this_machine(runs: Runs) -> None:
    with on_platform(lambda _: PLATFORM):

        @dsl.pipeline(name="probe")
        def chain(behaviour: str, trace: str, second_trace: str):
            one = step(
                first(behaviour=behaviour, trace=trace), "One", cpu="1", memory="1Gi", cached=False
            )
            with dsl.If(one.outputs["outcome"] == "PASS"):
                step(
                    second(behaviour="works", trace=second_trace, given=one.outputs["made"]),
                    "Two", cpu="1", memory="1Gi", cached=True,
                )  # fmt: skip
            with dsl.Else():
                step(
                    second(behaviour="otherwise", trace=second_trace, given=one.outputs["made"]),
                    "Two", cpu="1", memory="1Gi", cached=True,
                )  # fmt: skip

    record = runs(chain, "works", trace="first", second_trace="second")
    _, platform = yaml.safe_load_all((runs.folder / "pipeline.yaml").read_text())
    settings = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert set(settings) == {"exec-first", "exec-second", "exec-second-2"}
    assert (record.error, record.code, record.state) == ("", ExitCode.PASSED, State.DONE)
    assert [one.name for one in record.steps] == ["first", "second"]
    assert runs.trace("second") == ["works"]
