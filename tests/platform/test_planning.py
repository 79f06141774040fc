"""GitHub's account that plans, on a real API server: what a plan asks for, it may."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from tests.kubernetes.client import MERGE
from tests.platform.accounts import (
    DRY_RUN,
    REFUSED,
    Deployed,
    assert_refused,
    place_of,
    versions_of,
)
from tests.platform.deployed import collection, kubeflow_pipelines, written


def test_who_plans_sees_what_would_change_and_cannot_apply_it(deployed: Deployed) -> None:
    terraform, client, namespace = deployed.terraform, deployed.administrator, deployed.namespace
    administrator = terraform.kubeconfig
    terraform.kubeconfig = deployed.plan_kubeconfig
    assert terraform.changes() == {}, "all that is there can be read"

    # A value, what RBAC holds somebody to, and objects that are not there any more.
    terraform.settings |= {"hostname": "moved.example.com", "size": "prod"}
    _widen(terraform.copy / "kserve_manifests/modes/gateway/guard_role.yaml")
    gone = {
        "Role": place_of(namespace, "rbac.authorization.k8s.io/v1", "roles"),
        "RoleBinding": place_of(namespace, "rbac.authorization.k8s.io/v1", "rolebindings"),
    }
    for place in gone.values():
        found = client.ask("GET", place).ok()["items"]
        name = next(
            one["metadata"]["name"] for one in found if "pipeline" in one["metadata"]["name"]
        )
        client.ask("DELETE", f"{place}/{name}").ok()
    changes, digest = terraform.changes(), terraform.digest()
    terraform.kubeconfig = administrator
    assert digest == terraform.digest(), "what is approved is what who applies would do"
    actions = {tuple(one) for one in changes.values()}
    assert actions == {("create",), ("update",)}
    assert any("/Role/" in name for name, one in changes.items() if one == ["update"])
    assert {one for one in gone if any(f"/{one}/" in n for n in changes)} == set(gone)
    for part in ("helm_release", "kubernetes_config_map_v1", "HTTPRoute", "InferenceService"):
        assert any(part in name for name in changes), part

    before = versions_of(client, namespace)
    terraform.kubeconfig = deployed.plan_kubeconfig
    done = terraform.try_apply()
    terraform.kubeconfig = administrator
    assert done.returncode != 0
    assert REFUSED in done.stderr
    assert "forbidden" in done.stderr, "what it has no right to at all"
    assert versions_of(client, namespace) == before, "nothing was changed"


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
        assert_refused(plan.ask("POST", collection(one), one))
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
        assert_refused(plan.ask("POST", path, one))


def _widen(path: Path) -> None:
    """Give a Role one more right."""
    objects = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    role = next(one for one in objects if one["kind"] == "Role")
    role["rules"].append({"apiGroups": [""], "resources": ["events"], "verbs": ["create"]})
    path.write_text(yaml.safe_dump_all(objects), encoding="utf-8")
