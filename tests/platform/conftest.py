"""The modules on a real API server, applied once."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.kubernetes.client import Client
from tests.kubernetes.conftest import real_api
from tests.kubernetes.real import RealApi, install
from tests.platform.accounts import REFUSED, Deployed, place_of
from tests.platform.deployed import (
    CHART,
    DEPLOYED,
    DRY_RUNS,
    MODULES,
    PLAN,
    SUBMIT,
    definition,
    kubeconfig_of,
    written,
)
from tests.platform.terraform import Object, Terraform
from tests.waiting import until

__all__ = ["real_api"]


@pytest.fixture(scope="session")
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


def _await_policy(plan: Client, namespace: str) -> None:
    """A policy holds once the API server has compiled it."""
    place = place_of(namespace, "v1", "configmaps")
    tried = {"metadata": {"generateName": "tried-"}}
    until(lambda: REFUSED in plan.ask("POST", place, tried).text)


def _is_served(client: Client, value: Object) -> bool:
    version = value["apiVersion"]
    answer = client.ask("GET", f"/{'apis' if '/' in version else 'api'}/{version}")
    kinds = answer.value["resources"] if answer.status == 200 else ()
    return value["kind"] in {one["kind"] for one in kinds}
