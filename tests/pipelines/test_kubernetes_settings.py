"""Settings of a cluster arrive in each step of each compiled pipeline, as KFP says them."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from kfp import compiler, dsl, kubernetes
from kfp.components import load_component_from_file

from phasegate.cli.__main__ import main
from phasegate.cli.console import err
from phasegate.errors import ExitCode
from phasegate.local.environments import ROOT
from phasegate.project.load import load_project
from pipelines import compilation

BASE = """\
version: 1
name: card-fraud
data:
  source: data/*.parquet
  label: {column: is_fraud}
features:
  numeric: [amount]
kubernetes:
"""
Documents = dict[str, list[dict[str, Any]]]


def compiled(folder: Path, section: str) -> Documents:
    """Each pipeline's documents, compiled with a `kubernetes` section."""
    project = folder / "project.yaml"
    project.write_text(BASE + section)
    output = folder / "compiled"
    compilation.write_all(output=output, platforms=load_project(project).platform)
    return read(output)


def read(output: Path) -> Documents:
    return {
        path.stem: list(yaml.load_all(path.read_bytes(), yaml.CSafeLoader))
        for path in output.glob("*.yaml")
    }


def executors(documents: list[dict[str, Any]]) -> dict[str, Any]:
    return documents[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]


def by_hand(folder: Path, *settings: Callable[[dsl.PipelineTask], Any]) -> dict[str, Any]:
    """What kfp-kubernetes' own functions make of a task."""

    @dsl.container_component
    def one():
        return dsl.ContainerSpec(image="debian:12", command=["true"])

    @dsl.pipeline(name="by-hand")
    def pipeline():
        task = one()
        for setting in settings:
            setting(task)

    path = folder / "by_hand.yaml"
    compiler.Compiler().compile(pipeline, str(path))
    return executors(list(yaml.safe_load_all(path.read_text())))["exec-one"]


ALL = """\
  image_pull_secrets: [registry, mirror]
  image_pull_policy: IfNotPresent
  node_selector: {pool: batch, zone: a}
  tolerations:
  - {key: batch, operator: Exists, effect: NoExecute, toleration_seconds: 60}
  - {key: team, value: risk}
  secrets:
  - {name: tracking, env: {MLFLOW_TRACKING_PASSWORD: password, MLFLOW_TRACKING_USERNAME: user}}
  - {name: gcs, mount: /secrets/gcs, optional: true}
  config_maps:
  - {name: tracking, env: {MLFLOW_TRACKING_URI: address}, optional: true}
  - {name: certificates, mount: /etc/ssl/own}
  volumes:
  - {claim: data, mount: /data, sub_path: a/b}
  - {empty_dir: scratch, mount: /scratch, medium: Memory, size_limit: 10Gi}
  labels: {team: risk, stage: trial}
  annotations: {sidecar.istio.io/inject: 'false'}
  security_context: {run_as_user: 1000, run_as_group: 2000, run_as_non_root: true}
"""
BY_HAND = (
    lambda t: kubernetes.set_image_pull_secrets(t, ["mirror", "registry"]),
    lambda t: kubernetes.set_image_pull_policy(t, "IfNotPresent"),
    lambda t: kubernetes.add_node_selector(t, "pool", "batch"),
    lambda t: kubernetes.add_node_selector(t, "zone", "a"),
    lambda t: kubernetes.add_toleration(t, "batch", "Exists", None, "NoExecute", 60),
    lambda t: kubernetes.add_toleration(t, "team", "Equal", "risk"),
    lambda t: kubernetes.use_secret_as_env(t, "tracking", {"password": "MLFLOW_TRACKING_PASSWORD"}),
    lambda t: kubernetes.use_secret_as_env(t, "tracking", {"user": "MLFLOW_TRACKING_USERNAME"}),
    lambda t: kubernetes.use_secret_as_volume(t, "gcs", "/secrets/gcs", True),
    lambda t: kubernetes.use_config_map_as_env(
        t, "tracking", {"address": "MLFLOW_TRACKING_URI"}, True
    ),
    lambda t: kubernetes.use_config_map_as_volume(t, "certificates", "/etc/ssl/own"),
    lambda t: kubernetes.mount_pvc(t, "data", "/data", "a/b"),
    lambda t: kubernetes.empty_dir_mount(t, "scratch", "/scratch", "Memory", "10Gi"),
    lambda t: kubernetes.add_pod_label(t, "team", "risk"),
    lambda t: kubernetes.add_pod_label(t, "stage", "trial"),
    lambda t: kubernetes.add_pod_annotation(t, "sidecar.istio.io/inject", "false"),
    lambda t: kubernetes.set_security_context(t, 1000, 2000, True),
)


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    return compiled(tmp_path_factory.mktemp("everywhere"), ALL)


def test_each_setting_arrives_in_each_step_as_kfp_kubernetes_says_it(
    everywhere: Documents, tmp_path: Path
) -> None:
    said = by_hand(tmp_path, *BY_HAND)
    assert len(said) == 12  # nothing of the above replaced another
    assert set(everywhere) == set(compilation.PIPELINES)
    for pipeline, settings in everywhere.items():
        steps = settings[0]["deploymentSpec"]["executors"]
        assert set(executors(settings)) == set(steps)
        for step, got in executors(settings).items():
            assert got == said, (pipeline, step)


def test_the_pipeline_itself_stays_as_it_is(everywhere: Documents) -> None:
    for pipeline, documents in everywhere.items():
        committed = (ROOT / "pipelines" / "compiled" / f"{pipeline}.yaml").read_text()
        assert documents[0] == yaml.load(committed, yaml.CSafeLoader)


def test_kfp_loads_it(everywhere: Documents, tmp_path: Path) -> None:
    path = tmp_path / "monitoring.yaml"
    path.write_text(yaml.safe_dump_all(everywhere["monitoring"]))
    loaded = load_component_from_file(str(path))
    assert len(loaded.platform_spec.platforms["kubernetes"].deployment_spec.executors) > 20


def test_without_settings_pipelines_are_those_of_the_repository_byte_by_byte(
    tmp_path: Path,
) -> None:
    compiled(tmp_path, "  service_account: loans-pipeline\n")
    for name in compilation.PIPELINES:
        own = (tmp_path / "compiled" / f"{name}.yaml").read_bytes()
        assert own == (ROOT / "pipelines" / "compiled" / f"{name}.yaml").read_bytes()


def test_a_component_has_settings_of_its_own_wherever_it_is(tmp_path: Path) -> None:
    pipelines = compiled(
        tmp_path,
        "  labels: {team: risk}\n"
        "  resources: {memory: 3Gi}\n"
        "  components:\n"
        "    train:\n"
        "      labels: {team: training}\n"
        "      node_selector: {pool: large}\n"
        "      resources: {cpu: 0.5, memory: 64Gi, accelerator: {type: nvidia.com/gpu, count: 2}}\n"
        "    record_block: {inherit: false}\n",
    )
    for name in ("training", "monitoring"):
        spec, platform = pipelines[name][0], executors(pipelines[name])
        assert platform["exec-train"] == {
            "podMetadata": {"labels": {"team": "training"}},
            "nodeSelector": {"labels": {"pool": "large"}},
        }
        assert platform["exec-evaluate"] == {"podMetadata": {"labels": {"team": "risk"}}}
        assert not {"exec-record-block", "exec-record-block-2"} & set(platform)
        containers = {k: v["container"] for k, v in spec["deploymentSpec"]["executors"].items()}
        large = containers["exec-train"]["resources"]
        assert large["accelerator"]["resourceType"] == "nvidia.com/gpu"
        assert large["accelerator"]["resourceCount"] == "2"
        assert large["resourceCpuRequest"] == large["resourceCpuLimit"] == "0.5"
        assert large["resourceMemoryRequest"] == large["resourceMemoryLimit"] == "64Gi"
        assert containers["exec-evaluate"]["resources"]["resourceMemoryRequest"] == "3Gi"
        assert containers["exec-evaluate"]["resources"]["resourceCpuRequest"] == "2"
        assert containers["exec-record-block-2"]["resources"]["resourceMemoryRequest"] == "1Gi"


def test_the_command_compiles_only_into_a_folder_of_its_own_and_in_any_order_of_the_file(
    everywhere: Documents,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = io.StringIO()
    monkeypatch.setattr(err, "file", told)

    def phasegate(*arguments: str) -> int:
        monkeypatch.setattr("sys.argv", ["phasegate", *arguments])
        return main()

    turned = {
        key: value[::-1] if isinstance(value, list) else value
        for key, value in reversed(yaml.safe_load(BASE + ALL)["kubernetes"].items())
    }
    project, output = tmp_path / "project.yaml", tmp_path / "compiled"
    project.write_text(f"{BASE.rstrip()} {json.dumps(turned)}\n")
    assert phasegate("compile", "--project", str(project)) == ExitCode.BAD_INPUT
    assert "--project: such pipelines belong to one cluster" in told.getvalue()
    arguments = ("compile", "--project", str(project), "--output", str(output))
    assert phasegate(*arguments) == ExitCode.PASSED
    assert read(output) == everywhere
    assert phasegate(*arguments, "--check") == ExitCode.PASSED


def test_the_documented_example_compiles_with_what_it_says(tmp_path: Path) -> None:
    project = load_project(ROOT / "examples" / "card-fraud-kubernetes.yaml")
    assert project.service_account(["release-step"]) == "phasegate-pipeline"
    train, register = project.platform("train"), project.platform("register")
    assert train.container["memory"] == "32Gi"
    assert "MLFLOW_TRACKING_URI" in register.environment
    compilation.write_all(output=tmp_path, platforms=project.platform)
    steps = executors(read(tmp_path)["training"])
    assert steps["exec-train"]["nodeSelector"] == {"labels": {"phasegate/pool": "large"}}


def test_a_run_takes_pipelines_that_were_compiled_for_a_cluster_only_where_there_are_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = io.StringIO()
    monkeypatch.setattr(err, "file", told)
    project = str(ROOT / "examples" / "card-fraud-kubernetes.yaml")
    monkeypatch.setattr("sys.argv", ["phasegate", "run", project, "--compiled", str(tmp_path)])
    assert main() == ExitCode.BAD_INPUT
    assert f"{tmp_path}: there is no training.yaml. Phasegate compile --output" in told.getvalue()
