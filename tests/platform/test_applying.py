"""Terraform against a real API server, while a release goes on."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.cluster.overlay import open_crd
from tests.kubernetes.client import Client
from tests.kubernetes.conftest import real_api
from tests.kubernetes.real import RealApi, install
from tests.platform.terraform import Object, Terraform

__all__ = ["real_api"]


@pytest.fixture
def terraform(real_api: RealApi, tmp_path: Path) -> Terraform:
    """The module, not applied yet, on the real API server."""
    if not real_api.bare:
        pytest.skip("a real cluster: this test writes what controllers would take up")
    namespace = f"phasegate-test-{secrets.token_hex(3)}"
    made = Terraform(tmp_path, real_api.kubeconfig, namespace)
    missing = [one for one in made.plan() if not _is_served(real_api.client, one)]
    install(real_api.client, [open_crd(one) for one in missing])
    return made


def test_applying_again_leaves_a_release_alone(real_api: RealApi, terraform: Terraform) -> None:
    client, namespace = real_api.client, terraform.settings["namespace"]
    model = terraform.settings["model"]
    assert "Resources: 27 added" in terraform.apply()
    assert terraform.changes() == {}, "a second plan finds nothing to do"

    _release(client, namespace, model)
    before = _state(client, namespace, model)
    assert terraform.changes() == {}, "what a release writes is nobody else's affair"

    terraform.settings |= {"hostname": "moved.example.com", "size": "prod"}
    changed = terraform.changes()
    assert {"".join(one) for one in changed.values()} == {"update"}
    terraform.apply()
    route, slots = _state(client, namespace, model)
    assert route["spec"]["hostnames"] == ["moved.example.com"]
    assert [one["spec"]["predictor"]["minReplicas"] for one in slots] == [2, 2]
    assert _released(route, slots) == _released(*before), "weights and models are where they were"


def test_a_model_is_not_destroyed(real_api: RealApi, terraform: Terraform) -> None:
    client, namespace = real_api.client, terraform.settings["namespace"]
    model = terraform.settings["model"]
    terraform.apply()
    _release(client, namespace, model)
    before = _state(client, namespace, model)

    done = terraform.destroy()
    assert done.returncode != 0
    assert "prevent_destroy" in done.stderr
    terraform.settings["model"] = f"other-{model}"
    with pytest.raises(AssertionError, match="prevent_destroy"):
        terraform.apply()
    assert _released(*_state(client, namespace, model)) == _released(*before)


def _is_served(client: Client, value: Object) -> bool:
    version = value["apiVersion"]
    answer = client.ask("GET", f"/{'apis' if '/' in version else 'api'}/{version}")
    kinds = answer.value["resources"] if answer.status == 200 else ()
    return value["kind"] in {one["kind"] for one in kinds}


def _release(client: Client, namespace: str, model: str) -> None:
    """What Phasegate writes: a model into each slot, weights into the route."""
    for slot, digest in (("a", "1" * 64), ("b", "2" * 64)):
        value: Object = {
            "metadata": {"annotations": {"phasegate.dev/model-digest": digest}},
            "spec": {"predictor": {"model": {"storageUri": f"gs://bucket/models/{digest}"}}},
        }
        client.merge("InferenceService", namespace, f"{model}-{slot}", value, "phasegate").ok()
    backends = [
        {"name": f"{model}-{slot}-predictor", "port": 80, "weight": weight}
        for slot, weight in (("a", 95), ("b", 5))
    ]
    value = {
        "metadata": {"annotations": {"phasegate.dev/plan": "{}"}},
        "spec": {"rules": [{"backendRefs": backends}]},
    }
    client.merge("HTTPRoute", namespace, model, value, "phasegate").ok()


def _state(client: Client, namespace: str, model: str) -> tuple[Object, list[Object]]:
    route = client.get("HTTPRoute", namespace, model)
    slots = [client.get("InferenceService", namespace, f"{model}-{one}") for one in "ab"]
    assert route is not None
    assert None not in slots
    return route, [one for one in slots if one is not None]


def _released(route: Object, slots: list[Object]) -> Object:
    return {
        "rules": route["spec"]["rules"],
        "plan": route["metadata"]["annotations"]["phasegate.dev/plan"],
        "models": [one["spec"]["predictor"]["model"]["storageUri"] for one in slots],
        "digests": [one["metadata"]["annotations"]["phasegate.dev/model-digest"] for one in slots],
        "uids": [one["metadata"]["uid"] for one in (route, *slots)],
    }
