"""What runs: restricted, bounded, with options that the real programs take."""

from __future__ import annotations

import argparse
import re
from typing import Any

import pytest
import typer

from phasegate.serving import __main__ as serving
from phasegate.sidecar import __main__ as sidecar
from tests.kserve_manifests.pods import Pod, pods
from tests.kserve_manifests.sources import FOLDER, Object, documents, of_kind, only, patched

_VOLUMES = {"configMap", "emptyDir", "projected", "secret"}
_QUEUE_PROXY = {8008, 8012, 8013, 8022, 8112, 9088, 9090, 9091}


def containers(pod: Pod) -> list[dict[str, Any]]:
    return [*pod.spec.get("initContainers", ()), *pod.spec["containers"]]


@pytest.mark.parametrize("filled", [True, False], ids=["with a model", "idle"])
def test_every_pod_is_restricted_with_a_read_only_root(objects: list[Object], filled: bool) -> None:
    found = pods(objects, filled=filled)
    assert len(found) >= 2
    for pod in found:
        for volume in pod.spec["volumes"]:
            assert volume.keys() - {"name"} <= _VOLUMES, pod.owner
        assert not pod.spec.keys() & {"hostNetwork", "hostPID", "hostIPC"}
        for one in containers(pod):
            context = one["securityContext"]
            assert context["runAsNonRoot"] is True
            assert context["runAsUser"] == 65532
            assert context["readOnlyRootFilesystem"] is True
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def test_the_namespace_refuses_pods_that_are_not_restricted(objects: list[Object]) -> None:
    labels = only(objects, "Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_only_the_guards_pod_has_a_token(objects: list[Object]) -> None:
    accounts = {one["metadata"]["name"]: one for one in of_kind(objects, "ServiceAccount")}
    for pod in pods(objects):
        account = accounts[pod.spec["serviceAccountName"]]
        mounts = pod.spec.get(
            "automountServiceAccountToken", account["automountServiceAccountToken"]
        )
        assert mounts is (pod.owner == "Deployment/phasegate-guard")


def test_resources_are_bounded_and_what_is_mounted_exists(objects: list[Object]) -> None:
    for pod in pods(objects):
        volumes = {one["name"] for one in pod.spec["volumes"]}
        for one in containers(pod):
            resources = one["resources"]
            assert resources["requests"].keys() >= {"cpu", "memory"}
            assert resources["limits"].keys() >= {"cpu", "memory"}
            mounts = {mount["name"] for mount in one.get("volumeMounts", ())}
            assert mounts <= volumes
        for volume in pod.spec["volumes"]:
            if "emptyDir" in volume and volume["name"] != "kserve-provision-location":
                assert volume["emptyDir"]["sizeLimit"]
        made = {one["metadata"]["name"] for one in of_kind(objects, "ConfigMap")}
        for source in _config_maps(pod):
            assert source.get("optional") or source["name"] in made


def _config_maps(pod: Pod) -> list[dict[str, Any]]:
    found = [one["configMap"] for one in pod.spec["volumes"] if "configMap" in one]
    for one in containers(pod):
        for variable in one.get("env", ()):
            source = variable.get("valueFrom", {}).get("configMapKeyRef")
            found += [source] if source else []
    return found


def test_programs_take_their_options(
    objects: list[Object], is_serverless: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pod in pods(objects):
        for one in pod.spec["containers"]:
            arguments = _expanded(one)
            match one["command"]:
                case ["python", "-m", "phasegate.serving"]:
                    for variable in one["env"]:
                        monkeypatch.delenv(variable["name"], raising=False)
                    given = _parsed(serving._parser(), arguments)
                    assert given.host == "0.0.0.0"
                    assert given.digest is None
                    assert str(given.model_dir) == "/mnt/models"
                    names = {variable["name"] for variable in one["env"]}
                    assert names == set(serving._VARIABLES.values())
                    port, spool = given.http_port, given.spool
                    assert given.spool_budget < 2 << 30  # the volume's limit
                case ["python", "-m", "phasegate.sidecar"]:
                    given = _parsed(sidecar._parser(), arguments)
                    assert given.host == "0.0.0.0"
                    assert given.store == "gs://example-bucket/phasegate/log"
                    # The log may be in a bucket of its own.
                    (place,) = (v for v in one["env"] if v["name"] == "PHASEGATE_LOG")
                    assert place["valueFrom"]["configMapKeyRef"]["key"] == "log"
                    assert given.spool == [spool]
                    assert given.http_port != port
                    # The hook, the requests in flight, and the closing of the log; then the store.
                    assert 5 + 30 + 10 < given.grace <= pod.grace - 30
                    if is_serverless:
                        assert given.http_port not in _QUEUE_PROXY
                case ["python", "-m", "phasegate.cli", "release", "watch"]:
                    _guard(arguments, "serverless" if is_serverless else "gateway")
                case other:
                    pytest.fail(f"what is {other}?")


def _guard(arguments: list[str], mode: str) -> None:
    from phasegate.cli.__main__ import app

    command: Any = typer.main.get_command(app)
    command = command.commands["release"].commands["watch"]
    given = command.make_context("watch", arguments).params
    name = given["name"]
    assert name in ("model", "card-fraud")
    assert given["target"] == f"kserve-{mode}:NAMESPACE/{name}"
    assert given["store"] == "gs://example-bucket/phasegate"
    assert given["flags"] == "/etc/phasegate/flags/flags.json"
    assert given["health_port"] == 8081


def _parsed(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    return parser.parse_args(arguments)


def _expanded(container: dict[str, Any]) -> list[str]:
    """Arguments as the kubelet passes them."""
    settings = documents(FOLDER / "settings" / "settings.yaml")[0]["data"]
    values = {}
    for one in container.get("env", ()):
        source = one.get("valueFrom", {})
        values[one["name"]] = (
            settings[source["configMapKeyRef"]["key"]]
            if "configMapKeyRef" in source
            else one.get("value", "NAMESPACE")
        )
    return [
        re.sub(r"\$\(([A-Z_]+)\)", lambda found: values[found[1]], one)
        for one in container.get("args", ())
    ]


def test_probes_ask_what_is_served(objects: list[Object], is_serverless: bool) -> None:
    paths = {
        "kserve-container": {"/v2/health/live", "/v2/health/ready"},
        "sidecar": {"/healthz", "/readyz"},
        "guard": {"/healthz"},
    }
    for pod in pods(objects):
        for one in pod.spec["containers"]:
            if is_serverless and one["name"] == "sidecar":
                continue  # Knative takes no probes of a second container
            ports = {port["containerPort"] for port in one["ports"]}
            for kind in ("readinessProbe", "livenessProbe"):
                probe = one[kind]["httpGet"]
                assert probe["path"] in paths[one["name"]]
                assert probe["port"] in ports


def test_the_model_is_told_to_its_predictor(objects: list[Object], is_serverless: bool) -> None:
    digest = "ab" * 32
    for service in of_kind(objects, "InferenceService"):
        service["metadata"]["annotations"] |= {
            "phasegate.dev/model-digest": digest,
            "phasegate.dev/version": "card-fraud/2",
        }
    for pod in pods(objects):
        if not pod.owner.startswith("InferenceService/"):
            continue
        assert pod.spec["containers"][0]["name"] == "kserve-container"  # the Service follows it
        told = {one["name"]: one for one in pod.container("kserve-container")["env"]}
        digests, names = told["PHASEGATE_MODEL_DIGEST"], told["PHASEGATE_MODEL_NAME"]
        if is_serverless:
            assert digests["value"] == digest
            assert names["value"] == pod.labels["phasegate.dev/model"]
        else:
            assert digests["valueFrom"] == _field("annotations", "phasegate.dev/model-digest")
            assert names["valueFrom"] == _field("labels", "phasegate.dev/model")
        mounts = [one["mountPath"] for one in pod.container("sidecar")["volumeMounts"]]
        assert "/mnt/models" in mounts


def _field(kind: str, name: str) -> dict[str, Any]:
    return {"fieldRef": {"fieldPath": f"metadata.{kind}['{name}']"}}


def test_knative_gets_nothing_that_it_refuses(objects: list[Object], is_serverless: bool) -> None:
    if not is_serverless:
        return
    for pod in pods(objects, filled=False):
        if not pod.owner.startswith("InferenceService/"):
            continue
        assert pod.spec.keys() <= {
            "containers", "enableServiceLinks", "serviceAccountName", "volumes",
        }  # fmt: skip
        for one in pod.spec["containers"]:
            assert not one.keys() & {"lifecycle", "startupProbe"}
            assert all("fieldRef" not in source.get("valueFrom", {}) for source in one["env"])
        assert [len(one.get("ports", ())) for one in pod.spec["containers"]] == [1, 0]


def test_a_slot_is_idle_until_it_gets_a_model(objects: list[Object]) -> None:
    for service in of_kind(objects, "InferenceService"):
        predictor = service["spec"]["predictor"]
        assert "storageUri" not in predictor["model"]
        assert "canaryTrafficPercent" not in predictor
        assert not service["metadata"]["annotations"].keys() & {
            "phasegate.dev/model-digest", "phasegate.dev/version", "phasegate.dev/plan",
        }  # fmt: skip
        assert predictor["minReplicas"] >= 1
    for route in of_kind(objects, "HTTPRoute"):
        assert "rules" not in route["spec"]


def test_hashed_entities_are_for_the_predictor(objects: list[Object]) -> None:
    (operations,) = documents(FOLDER / "optional" / "hashed_entities" / "runtime.yaml")
    patched(only(objects, "ServingRuntime"), operations)
    pod = next(one for one in pods(objects) if one.owner.startswith("InferenceService/"))
    main = pod.container("kserve-container")
    given = _parsed(serving._parser(), _expanded(main))
    assert given.sensitive == [("customer_id", "hash")]
    folder = str(given.log_key_file.parent)
    assert folder in [one["mountPath"] for one in main["volumeMounts"]]
    volume = next(one for one in pod.spec["volumes"] if one["name"] == "log-key")
    assert volume["secret"]["defaultMode"] & 0o027 == 0  # or the key is refused
