"""What GitHub accounts may not, on a real API server: one changes nothing, one forwards a port."""

from __future__ import annotations

from tests.kubernetes.client import APPLY, MERGE
from tests.platform.accounts import (
    DRY_RUN,
    Deployed,
    assert_refused,
    place_of,
    rules_of,
    versions_of,
)
from tests.platform.deployed import DRY_RUNS, PLAN
from tests.platform.terraform import Object
from tests.waiting import until

# Kubernetes' own, for everybody who is somebody.
EVERYBODY = {
    ("create", f"authorization.k8s.io/{one}")
    for one in ("selfsubjectaccessreviews", "selfsubjectrulesreviews")
} | {("create", "authentication.k8s.io/selfsubjectreviews")}


def test_who_plans_sees_no_secret(deployed: Deployed) -> None:
    plan, client = deployed.plan, deployed.administrator
    for part in ("", "-pipelines", "-certificates", "-releases"):
        namespace = deployed.namespace + part
        place = place_of(namespace, "v1", "secrets")
        secret = {"metadata": {"name": "key"}, "stringData": {"key": "secret"}}
        client.ask("POST", place, secret).ok()
        for path in (place, f"{place}/key"):
            assert plan.ask("GET", path).status == 403, path
    assert plan.ask("GET", "/api/v1/secrets").status == 403
    # Helm's releases are not among them.
    held = client.ask("GET", place_of(f"{deployed.namespace}-releases", "v1", "secrets")).ok()
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
    maps = place_of(namespace, "v1", "configmaps")
    pods = place_of(f"{namespace}-pipelines", "v1", "pods")
    container = {"name": "one", "image": "one"}
    pod = {"metadata": {"name": "one"}, "spec": {"containers": [container]}}
    client.ask("POST", pods, pod).ok()
    accounts = place_of(namespace, "v1", "serviceaccounts")
    token = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "one"}}
    status = {"status": {"phase": "Running"}}
    try:
        client.ask("POST", bindings, extra).ok()
        until(lambda: plan.ask("GET", "/api/v1/secrets").status == 200)
        before = versions_of(client, namespace)
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
            assert_refused(answer)
        assert versions_of(client, namespace) == before
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
    rules = rules_of(plan, deployed.namespace) | rules_of(plan, f"{deployed.namespace}-pipelines")
    assert not {one for one in rules if "*" in "".join(one) or one[0] in {"delete", "impersonate"}}
    assert {verb for verb, what in rules if "admissionregistration" in what} == {"get"}


def test_who_submits_forwards_a_port_and_nothing_more(deployed: Deployed) -> None:
    submit, pipelines = deployed.submit, f"{deployed.namespace}-pipelines"
    assert rules_of(submit, pipelines) - EVERYBODY == {
        ("get", "/services:ml-pipeline"),
        ("get", "/pods"),
        ("list", "/pods"),
        ("create", "/pods/portforward"),
        ("get", "/pods/portforward"),
    }
    for part in ("", "-certificates", "-releases"):
        assert rules_of(submit, deployed.namespace + part) - EVERYBODY == set()
    # Allowed, and not there: the port of a pod that is not there is not forwarded.
    pods = place_of(pipelines, "v1", "pods")
    for method in ("GET", "POST"):
        assert submit.ask(method, f"{pods}/none/portforward").status == 404
        assert submit.ask(method, f"{pods}/none/exec").status == 403
    assert submit.ask("GET", pods).status == 200
    services = place_of(pipelines, "v1", "services")
    assert submit.ask("GET", f"{services}/ml-pipeline").status == 404
    for path in (services, f"{services}/mysql", place_of(deployed.namespace, "v1", "pods")):
        assert submit.ask("GET", path).status == 403, path
