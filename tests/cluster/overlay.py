"""An overlay as a user applies it: a copy of the manifests with another namespace, and kubectl."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.kubernetes.client import Client

MANIFESTS = Path(__file__).parents[2] / "kserve_manifests"
MANAGER = "overlay"

Object = dict[str, Any]


class Overlay:
    """The objects of an overlay, in a namespace of their own.

    Args:
        mode: ``gateway`` or ``serverless``.
        size: ``dev`` or ``prod``.
        folder: for the copy.
        namespace: in place of the one of the settings.
    """

    def __init__(self, mode: str, size: str, folder: Path, namespace: str) -> None:
        self.mode, self.namespace = mode, namespace
        self._folder = folder / "kserve_manifests"
        shutil.copytree(MANIFESTS, self._folder)
        settings = self._folder / "settings"
        _set(settings / "kustomization.yaml", "namespace", namespace)
        # Objects of the whole cluster, and requests, must not be those of a real installation.
        _set(settings / "settings.yaml", "  model", f"model-{namespace[-6:]}")
        _set(settings / "settings.yaml", "  hostname", f"{namespace}.example.com")
        self.text = _kubectl("kustomize", str(self._folder / "overlays" / mode / size))
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.objects: list[Object] = list(yaml.load_all(self.text, loader))

    @property
    def model(self) -> str:
        """The model's name: it is the label of every object."""
        return self.objects[0]["metadata"]["labels"]["phasegate.dev/model"]

    def apply(self, kubeconfig: Path) -> str:
        """``kubectl apply --server-side``, as the README says; what it prints."""
        options = ["apply", "--server-side", f"--field-manager={MANAGER}", "-f", "-"]
        # Its usual cache would remember the kinds of another server that had the same port.
        cache = f"--cache-dir={self._folder.parent / 'kubectl'}"
        return _kubectl(*options, cache, kubeconfig=kubeconfig, text=self.text)

    def read(self, client: Client) -> list[tuple[Object, Object]]:
        """Each object as it was rendered, and as the API has it."""
        return [(one, client.ask("GET", self._path(client, one)).ok()) for one in self.objects]

    def remove(self, client: Client) -> None:
        """Delete what was applied."""
        for one in reversed(self.objects):
            client.ask("DELETE", self._path(client, one))

    def missing(self, client: Client) -> list[Object]:
        """One object of each kind that the API does not know."""
        kinds = {(one["apiVersion"], one["kind"]): one for one in self.objects}
        return [one for one in kinds.values() if _plural(client, one) is None]

    def _path(self, client: Client, value: Object) -> str:
        metadata = value["metadata"]
        place = f"namespaces/{metadata['namespace']}/" if "namespace" in metadata else ""
        version = value["apiVersion"]
        root = "/apis" if "/" in version else "/api"
        return f"{root}/{version}/{place}{_plural(client, value)}/{metadata['name']}"


def open_crd(value: Object) -> Object:
    """A CRD that takes any object of a kind: for kinds whose own CRDs are not at hand."""
    group, _, version = value["apiVersion"].partition("/")
    plural = f"{value['kind'].lower()}s"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": value["kind"], "plural": plural},
            "scope": "Namespaced" if "namespace" in value["metadata"] else "Cluster",
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def service_account(
    overlay: Overlay, client: Client, kubeconfig: Path, binding: str, path: Path
) -> Path:
    """A kubeconfig of the ServiceAccount that a RoleBinding names, with a token from the API.

    Args:
        overlay: that the RoleBinding is in.
        client: an administrator, who makes the account where it is not part of the overlay.
        kubeconfig: the administrator's, for the server's address and certificate.
        binding: name of the RoleBinding.
        path: to write it to.
    """
    (found,) = [
        one
        for one in overlay.objects
        if (one["kind"], one["metadata"]["name"]) == ("RoleBinding", binding)
    ]
    (subject,) = found["subjects"]
    namespace, name = subject.get("namespace", overlay.namespace), subject["name"]
    for kind, place in (("Namespace", ""), ("ServiceAccount", namespace)):
        metadata = {"name": namespace if kind == "Namespace" else name}
        metadata |= {"namespace": place} if place else {}
        if client.get(kind, place, metadata["name"]) is None:
            client.create({"apiVersion": "v1", "kind": kind, "metadata": metadata})
    account = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    wish = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": 3600},
    }
    token = client.ask("POST", account, wish).ok()["status"]["token"]
    value = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    current = next(one for one in value["contexts"] if one["name"] == value["current-context"])
    current["context"]["user"] = name
    value["users"] = [{"name": name, "user": {"token": token}}]
    path.write_text(json.dumps(value), encoding="utf-8")
    path.chmod(0o600)
    return path


def _set(path: Path, key: str, value: str) -> None:
    text = path.read_text(encoding="utf-8")
    changed, count = re.subn(rf"(?m)^{key}: .*$", f"{key}: {value}", text)
    assert count == 1, f"{key} in {path}"
    path.write_text(changed, encoding="utf-8")


def _plural(client: Client, value: Mapping[str, Any]) -> str | None:
    root = "/apis" if "/" in value["apiVersion"] else "/api"
    answer = client.ask("GET", f"{root}/{value['apiVersion']}")
    found = answer.value["resources"] if answer.status == 200 else ()
    return next((one["name"] for one in found if one["kind"] == value["kind"]), None)


def _kubectl(*arguments: str, kubeconfig: Path | None = None, text: str = "") -> str:
    where = [] if kubeconfig is None else [f"--kubeconfig={kubeconfig}"]
    done = subprocess.run(
        ["kubectl", *where, *arguments], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
