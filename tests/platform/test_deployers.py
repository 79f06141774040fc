"""GitHub's accounts on a real API server: one plans and changes nothing, one forwards a port."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.kubernetes.client import APPLY, MERGE, Answer, Client
from tests.kubernetes.conftest import real_api
from tests.kubernetes.real import RealApi, install
from tests.platform.deployed import (
    CHART,
    DEPLOYED,
    DRY_RUNS,
    MODULES,
    PLAN,
    SUBMIT,
    collection,
    definition,
    kubeconfig_of,
    kubeflow_pipelines,
    written,
)
from tests.platform.terraform import Object, Terraform

__all__ = ["real_api"]

SECONDS = 30
DRY_RUN = {"dryRun": "All"}
REFUSED = "dry runs only"
# Kubernetes' own, for everybody who is somebody.
EVERYBODY = {
    ("create", f"authorization.k8s.io/{one}")
    for one in ("selfsubjectaccessreviews", "selfsubjectrulesreviews")
} | {("create", "authentication.k8s.io/selfsubjectreviews")}


@dataclass(frozen=True, slots=True)
class Deployed:
    """The modules, applied by an administrator.

    Attributes:
        terraform: as the administrator.
        administrator: plain requests.
        plan: plain requests of the account that plans.
        submit: plain requests of the account that submits.
        plan_kubeconfig: of the account that plans.
        namespace: of the model; that of pipelines has ``-pipelines`` behind it, and so on.
    """

    terraform: Terraform
    administrator: Client
    plan: Client
    submit: Client
    plan_kubeconfig: Path
    namespace: str


@pytest.fixture(scope="module")
def deployed(real_api: RealApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    if not real_api.bare:
        pytest.skip("a real cluster: this test writes what controllers would take up")
    folder, client = tmp_path_factory.mktemp("deployed"), real_api.client
    namespace = f"phasegate-test-{secrets.token_hex(3)}"
    files = {f"chart/{name}": text for name, text in CHART.items()}
    terraform = Terraform(
        folder, real_api.kubeconfig, namespace, root=DEPLOYED, modules=MODULES, files=files
    )
    kinds = {(one["apiVersion"], one["kind"]): one for one in (*terraform.plan(), *written())}
    install(client, [definition(one) for one in kinds.values() if not _is_served(client, one)])
    terraform.apply()
    plan = client.impersonating(PLAN)
    _await_policy(plan, namespace)
    yield Deployed(
        terraform, client, plan, client.impersonating(SUBMIT),
        kubeconfig_of(PLAN, real_api.kubeconfig, folder), namespace,
    )  # fmt: skip
    # Others of this run make their own; what is of the whole cluster goes.
    for name in ("clusterrolebindings/phasegate-github-plan",):
        client.ask("DELETE", f"/apis/rbac.authorization.k8s.io/v1/{name}")
    for kind in ("validatingadmissionpolicybindings", "validatingadmissionpolicies"):
        client.ask("DELETE", f"/apis/admissionregistration.k8s.io/v1/{kind}/{DRY_RUNS}")


def test_who_plans_sees_what_would_change_and_cannot_apply_it(deployed: Deployed) -> None:
    terraform, client, namespace = deployed.terraform, deployed.administrator, deployed.namespace
    administrator = terraform.kubeconfig
    terraform.kubeconfig = deployed.plan_kubeconfig
    assert terraform.changes() == {}, "all that is there can be read"

    # A value, what RBAC holds somebody to, and objects that are not there any more.
    terraform.settings |= {"hostname": "moved.example.com", "size": "prod"}
    _widen(terraform.copy / "kserve_manifests/modes/gateway/guard_role.yaml")
    gone = {
        "Role": _place(namespace, "rbac.authorization.k8s.io/v1", "roles"),
        "RoleBinding": _place(namespace, "rbac.authorization.k8s.io/v1", "rolebindings"),
    }
    for place in gone.values():
        found = client.ask("GET", place).ok()["items"]
        name = next(
            one["metadata"]["name"] for one in found if "pipeline" in one["metadata"]["name"]
        )
        client.ask("DELETE", f"{place}/{name}").ok()
    changes = terraform.changes()
    terraform.kubeconfig = administrator
    assert changes == terraform.changes(), "what an administrator's plan says"
    actions = {tuple(one) for one in changes.values()}
    assert actions == {("create",), ("update",)}
    assert any("/Role/" in name for name, one in changes.items() if one == ["update"])
    assert {one for one in gone if any(f"/{one}/" in n for n in changes)} == set(gone)
    for part in ("helm_release", "kubernetes_config_map_v1", "HTTPRoute", "InferenceService"):
        assert any(part in name for name in changes), part

    before = _everything(client, namespace)
    terraform.kubeconfig = deployed.plan_kubeconfig
    done = terraform.try_apply()
    terraform.kubeconfig = administrator
    assert done.returncode != 0
    assert REFUSED in done.stderr
    assert "forbidden" in done.stderr, "what it has no right to at all"
    assert _everything(client, namespace) == before, "nothing was changed"


def test_who_plans_may_try_each_kind_of_the_second_root(deployed: Deployed) -> None:
    plan, client = deployed.plan, deployed.administrator
    kinds = list(written())
    assert {one["kind"] for one in kinds} == {
        "Certificate", "ClusterIssuer", "EnvoyProxy", "Gateway", "GatewayClass",
    }  # fmt: skip
    for one in kinds:
        if "namespace" in one["metadata"]:
            one["metadata"]["namespace"] = f"{deployed.namespace}-certificates"
        assert plan.ask("POST", collection(one), one, query=DRY_RUN).status == 201, one
        _is_refused(plan.ask("POST", collection(one), one))
        assert client.ask("GET", f"{collection(one)}/tried").status == 404


def test_who_plans_may_try_kubeflow_pipelines(deployed: Deployed) -> None:
    source = os.environ.get("KFP_MANIFESTS")
    if not source:
        pytest.skip("KFP_MANIFESTS names no checkout of Kubeflow Pipelines")
    plan, client = deployed.plan, deployed.administrator
    objects = kubeflow_pipelines(Path(source))
    assert len(objects) > 50
    for one in objects:
        if "namespace" in one["metadata"]:
            one["metadata"]["namespace"] = f"{deployed.namespace}-pipelines"
        path, name = collection(one), one["metadata"]["name"]
        if one["kind"] == "Secret":
            # There since a person applied it; a new one is a person's to make.
            assert plan.ask("POST", path, one, query=DRY_RUN).status == 403
            client.ask("POST", path, one).ok()
            assert plan.ask("GET", f"{path}/{name}").status == 200
            patched = plan.ask(
                "PATCH",
                f"{path}/{name}",
                {"type": one["type"]} if "type" in one else {},
                kind=MERGE,
                query=DRY_RUN,
            )
            assert patched.status == 200, patched.text
            continue
        answer = plan.ask("POST", path, one, query=DRY_RUN)
        assert answer.status in (201, 409), (one["kind"], name, answer.text)
        _is_refused(plan.ask("POST", path, one))


def test_who_plans_sees_no_secret(deployed: Deployed) -> None:
    plan, client = deployed.plan, deployed.administrator
    for part in ("", "-pipelines", "-certificates", "-releases"):
        namespace = deployed.namespace + part
        place = _place(namespace, "v1", "secrets")
        secret = {"metadata": {"name": "key"}, "stringData": {"key": "secret"}}
        client.ask("POST", place, secret).ok()
        for path in (place, f"{place}/key"):
            assert plan.ask("GET", path).status == 403, path
    assert plan.ask("GET", "/api/v1/secrets").status == 403
    # Helm's releases are not among them.
    held = client.ask("GET", _place(f"{deployed.namespace}-releases", "v1", "secrets")).ok()
    assert [one["metadata"]["name"] for one in held["items"]] == ["key"]


def test_no_right_lets_who_plans_change_anything(deployed: Deployed) -> None:
    plan, client, namespace = deployed.plan, deployed.administrator, deployed.namespace
    group = "rbac.authorization.k8s.io"
    extra: Object = {
        "metadata": {"name": f"{namespace}-everything"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": PLAN}],
    }
    bindings = f"/apis/{group}/v1/clusterrolebindings"
    maps = _place(namespace, "v1", "configmaps")
    pods = _place(f"{namespace}-pipelines", "v1", "pods")
    container = {"name": "one", "image": "one"}
    pod = {"metadata": {"name": "one"}, "spec": {"containers": [container]}}
    client.ask("POST", pods, pod).ok()
    accounts = _place(namespace, "v1", "serviceaccounts")
    token = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "one"}}
    status = {"status": {"phase": "Running"}}
    try:
        client.ask("POST", bindings, extra).ok()
        _await(lambda: plan.ask("GET", "/api/v1/secrets").status == 200)
        before = _everything(client, namespace)
        for answer in (
            plan.ask("POST", maps, {"metadata": {"name": "new"}}),
            plan.ask("PATCH", f"{maps}/phasegate", {"data": {"a": "b"}}, kind=MERGE),
            plan.ask(
                "PATCH", f"{maps}/new",
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new"}},
                kind=APPLY, query={"fieldManager": "one"},
            ),
            plan.ask("DELETE", f"{maps}/phasegate"),
            plan.ask("DELETE", maps),
            plan.ask("PATCH", f"{pods}/one/status", status, kind=MERGE),
            plan.ask("POST", f"{pods}/one/eviction", eviction),
            plan.ask("POST", f"{pods}/one/exec", query={"command": "sh", "container": "one"}),
            plan.ask("POST", f"{pods}/one/portforward"),
            plan.ask("GET", f"{pods}/one/proxy/"),
            plan.ask("POST", f"{accounts}/phasegate-guard/token", token),
            plan.ask("DELETE", f"/api/v1/namespaces/{namespace}"),
            plan.ask("DELETE", f"{bindings}/{extra['metadata']['name']}"),
            plan.ask("POST", bindings, {**extra, "metadata": {"name": "another"}}),
        ):  # fmt: skip
            _is_refused(answer)
        assert _everything(client, namespace) == before
        assert plan.ask("DELETE", f"{maps}/phasegate", query=DRY_RUN).status == 200
    finally:
        client.ask("DELETE", f"{bindings}/{extra['metadata']['name']}").ok()


def test_what_holds_who_plans_is_out_of_its_reach(deployed: Deployed) -> None:
    # No policy covers policies: so it has no right to them, dry run or not.
    plan = deployed.plan
    for kind in ("validatingadmissionpolicies", "validatingadmissionpolicybindings"):
        place = f"/apis/admissionregistration.k8s.io/v1/{kind}"
        assert plan.ask("GET", f"{place}/{DRY_RUNS}").status == 200
        for query in (None, DRY_RUN):
            for method in ("DELETE", "PATCH"):
                answer = plan.ask(method, f"{place}/{DRY_RUNS}", {}, kind=MERGE, query=query)
                assert answer.status == 403, (method, answer.text)
                assert "cannot" in answer.value["message"]
    rules = _rules(plan, deployed.namespace) | _rules(plan, f"{deployed.namespace}-pipelines")
    assert not {one for one in rules if "*" in "".join(one) or one[0] in {"delete", "impersonate"}}
    assert {verb for verb, what in rules if "admissionregistration" in what} == {"get"}


def test_who_submits_forwards_a_port_and_nothing_more(deployed: Deployed) -> None:
    submit, pipelines = deployed.submit, f"{deployed.namespace}-pipelines"
    assert _rules(submit, pipelines) - EVERYBODY == {
        ("get", "/services:ml-pipeline"),
        ("get", "/pods"),
        ("list", "/pods"),
        ("create", "/pods/portforward"),
        ("get", "/pods/portforward"),
    }
    for part in ("", "-certificates", "-releases"):
        assert _rules(submit, deployed.namespace + part) - EVERYBODY == set()
    # Allowed, and not there: the port of a pod that is not there is not forwarded.
    pods = _place(pipelines, "v1", "pods")
    for method in ("GET", "POST"):
        assert submit.ask(method, f"{pods}/none/portforward").status == 404
        assert submit.ask(method, f"{pods}/none/exec").status == 403
    assert submit.ask("GET", pods).status == 200
    services = _place(pipelines, "v1", "services")
    assert submit.ask("GET", f"{services}/ml-pipeline").status == 404
    for path in (services, f"{services}/mysql", _place(deployed.namespace, "v1", "pods")):
        assert submit.ask("GET", path).status == 403, path


def _place(namespace: str, version: str, resource: str) -> str:
    root = "apis" if "/" in version else "api"
    return f"/{root}/{version}/namespaces/{namespace}/{resource}"


def _is_refused(answer: Answer) -> None:
    assert answer.status == 403, answer.text
    assert REFUSED in answer.value["message"]


def _is_served(client: Client, value: Object) -> bool:
    version = value["apiVersion"]
    answer = client.ask("GET", f"/{'apis' if '/' in version else 'api'}/{version}")
    kinds = answer.value["resources"] if answer.status == 200 else ()
    return value["kind"] in {one["kind"] for one in kinds}


def _await_policy(plan: Client, namespace: str) -> None:
    """A policy holds once the API server has compiled it."""
    place = _place(namespace, "v1", "configmaps")
    tried = {"metadata": {"generateName": "tried-"}}
    _await(lambda: REFUSED in plan.ask("POST", place, tried).text)


def _await(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def _rules(client: Client, namespace: str) -> set[tuple[str, str]]:
    """What a user may do in a namespace, by verb and GROUP/RESOURCE:NAME."""
    kind = "SelfSubjectRulesReview"
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": kind,
        "spec": {"namespace": namespace},
    }
    answer = client.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", review)
    return {
        (verb, f"{group}/{resource}" + (f":{name}" if name else ""))
        for one in answer.ok()["status"]["resourceRules"]
        for verb in one["verbs"]
        for group in one["apiGroups"]
        for resource in one["resources"]
        for name in one.get("resourceNames") or [""]
    }


def _everything(client: Client, namespace: str) -> dict[str, str]:
    """Versions of all objects that the modules made, by their places."""
    found = {}
    groups = {
        "v1": ("configmaps", "pods", "secrets", "serviceaccounts", "services"),
        "apps/v1": ("deployments",),
        "networking.k8s.io/v1": ("networkpolicies",),
        "policy/v1": ("poddisruptionbudgets",),
        "rbac.authorization.k8s.io/v1": ("rolebindings", "roles"),
        "gateway.networking.k8s.io/v1": ("httproutes",),
        "serving.kserve.io/v1beta1": ("inferenceservices",),
    }
    for part in ("", "-pipelines", "-certificates", "-releases"):
        for version, resources in groups.items():
            for resource in resources:
                place = _place(namespace + part, version, resource)
                for one in client.ask("GET", place).ok()["items"]:
                    metadata = one["metadata"]
                    found[f"{place}/{metadata['name']}"] = metadata["resourceVersion"]
    return found


def _widen(path: Path) -> None:
    """Give a Role one more right."""
    objects = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    role = next(one for one in objects if one["kind"] == "Role")
    role["rules"].append({"apiGroups": [""], "resources": ["events"], "verbs": ["create"]})
    path.write_text(yaml.safe_dump_all(objects), encoding="utf-8")
