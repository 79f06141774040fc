"""Terraform's accounts are those of the manifests, and may do what the code does, and no more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tests.infra.granted import Grants, default, local, module
from tests.kserve_manifests.sources import FOLDER, documents

IDENTITIES = module("identities")


def in_terraform(table: str) -> set[tuple[str, str]]:
    accounts = local(IDENTITIES, table).values()
    return {(one["namespace"], one["account"]) for one in accounts}


def in_manifests() -> set[tuple[str, str]]:
    settings = documents(FOLDER / "settings" / "kustomization.yaml")[0]["namespace"]
    found = set()
    for path in sorted(FOLDER.rglob("*.yaml")):
        for one in _objects(path):
            if one.get("kind") == "ServiceAccount":
                kustomization = documents(path.parent / "kustomization.yaml")[0]
                namespace = kustomization.get("namespace", settings)
                found.add((namespace, one["metadata"]["name"]))
    return found


def _objects(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text()) if isinstance(one, dict)]


def test_accounts_and_namespaces_are_those_of_the_manifests() -> None:
    assert in_terraform("workloads") == in_manifests()


def test_namespaces_are_those_of_the_settings() -> None:
    settings = documents(FOLDER / "settings" / "settings.yaml")[0]["data"]
    component = documents(FOLDER / "settings" / "kustomization.yaml")[0]
    assert default(IDENTITIES, "namespace") == component["namespace"]
    assert default(IDENTITIES, "pipelines_namespace") == settings["pipelines-namespace"]


def test_pods_run_as_accounts_that_there_are() -> None:
    known = {name for _, name in in_terraform("accounts")}
    named = set()
    for path in sorted(FOLDER.rglob("*.yaml")):
        named |= set(re.findall(r"serviceAccountName: ?(\S+)", path.read_text()))
    assert named
    assert named <= known


def test_google_accounts_are_named_as_the_manifests_say() -> None:
    prefix = default(IDENTITIES, "name")
    ids = {one["account"]: id_ for id_, one in local(IDENTITIES, "workloads").items()}
    said = {}
    for path in sorted(FOLDER.rglob("*.yaml")):
        for name, email in re.findall(
            r"name: (\S+)\n(?:.*\n){1,4}?.*gcp-service-account: (\S+)@PROJECT", path.read_text()
        ):
            said[name] = email
    assert said == {account: f"{prefix}-{id_}" for account, id_ in ids.items()}


def test_every_account_has_grants_and_every_folder_is_used() -> None:
    grants = Grants.read()
    assert grants.given.keys() == local(IDENTITIES, "accounts").keys()
    assert grants.replaced.keys() <= grants.given.keys()
    assert {folder for given in grants.given.values() for folder in given} == set(grants.folders)
    for roles in [*grants.given.values()]:
        assert {role for one in roles.values() for role in one} <= grants.permissions.keys()


def test_folders_do_not_overlap() -> None:
    # A folder's policy holds for all below it, other managed folders included.
    places = [(key.split("/")[0], name) for key, name in Grants.read().folders.items()]
    for bucket, name in places:
        inside = [two for two in places if two[0] == bucket and two[1].startswith(name)]
        assert inside == [(bucket, name)]


def test_no_permission_is_over_all_objects_or_over_rights() -> None:
    permissions = [one for role in Grants.read().permissions.values() for one in role]
    assert sorted(set(permissions)) == [
        "storage.objects.create",
        "storage.objects.delete",
        "storage.objects.get",
        "storage.objects.list",
    ]
