"""Every overlay, applied with kubectl to a real API server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cluster.conftest import installed
from tests.cluster.overlay import MANAGER
from tests.kubernetes.real import RealApi
from tests.waiting import until

OVERLAYS = [(mode, size) for mode in ("gateway", "serverless") for size in ("dev", "prod")]


@pytest.mark.parametrize(("mode", "size"), OVERLAYS)
def test_an_overlay_is_taken_whole(real_api: RealApi, mode: str, size: str, tmp_path: Path) -> None:
    with installed(real_api, mode, size, tmp_path) as installation:
        pairs = installation.overlay.read(installation.client)
        assert len(pairs) == len(installation.overlay.objects) > 15
        for rendered, kept in pairs:
            assert _holds(kept, rendered), (kept["kind"], kept["metadata"]["name"])
            managers = {one["manager"] for one in kept["metadata"]["managedFields"]}
            assert MANAGER in managers
        before = {kept["metadata"]["uid"]: _said(kept) for _, kept in pairs}
        installation.overlay.apply(real_api.kubeconfig)
        after = {
            kept["metadata"]["uid"]: _said(kept)
            for _, kept in installation.overlay.read(installation.client)
        }
        assert after == before


@pytest.mark.parametrize("size", ["dev", "prod"])
def test_pods_of_idle_slots_are_admitted(real_api: RealApi, size: str, tmp_path: Path) -> None:
    """The namespace enforces the restricted Pod Security Standard: the API refuses other pods."""
    with installed(real_api, "gateway", size, tmp_path) as installation:
        namespace = installation.overlay.namespace
        enforced = installation.client.get("Namespace", "", namespace)
        assert enforced is not None
        labels = enforced["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
        if not real_api.bare:
            pytest.skip("this cluster's own controllers make the pods, if KServe is there")
        pods = until(lambda: installation.client.list("Pod", namespace))
        names = {one["name"] for one in pods[0]["spec"]["containers"]}
        assert len(names) == 2, "a predictor and its sidecar"
        unsafe = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "unsafe", "namespace": namespace},
            "spec": {"containers": [{"name": "a", "image": "a"}]},
        }
        path = f"/api/v1/namespaces/{namespace}/pods"
        refused = installation.client.ask("POST", path, unsafe)
        assert refused.status == 403
        assert "violates PodSecurity" in refused.value["message"]


def _said(kept: dict[str, Any]) -> dict[str, Any]:
    """What an overlay says of an object; its status is its controller's."""
    return {key: one for key, one in kept.items() if key not in ("metadata", "status")}


def _holds(kept: Any, rendered: Any) -> bool:
    """Whether all that was rendered is there; the API adds defaults."""
    if isinstance(rendered, dict):
        return isinstance(kept, dict) and all(
            _holds(kept.get(key), one) or _is_nothing(one) for key, one in rendered.items()
        )
    if isinstance(rendered, list):
        return (
            isinstance(kept, list)
            and len(kept) == len(rendered)
            and all(_holds(one, other) for one, other in zip(kept, rendered, strict=True))
        )
    return kept == rendered


def _is_nothing(value: Any) -> bool:
    return value in (None, {}, [])
