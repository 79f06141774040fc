"""What GitHub's account that plans may read, held to what the tree has."""

from __future__ import annotations

import re

import pytest

from tests.infra.granted import TERRAFORM, local, module

# Policies by the resource that changes or adds to them; `google_project_iam_custom_role` is none.
POLICIES = {
    "google_artifact_registry_repository_iam_member": "artifactregistry.repositories",
    "google_kms_crypto_key_iam_member": "cloudkms.cryptoKeys",
    "google_project_iam_audit_config": "resourcemanager.projects",
    "google_project_iam_member": "resourcemanager.projects",
    "google_pubsub_topic_iam_member": "pubsub.topics",
    "google_secret_manager_secret_iam_member": "secretmanager.secrets",
    "google_service_account_iam_member": "iam.serviceAccounts",
    "google_storage_bucket_iam_binding": "storage.buckets",
    "google_storage_bucket_iam_member": "storage.buckets",
    "google_storage_managed_folder_iam_member": "storage.managedFolders",
}
# Read by a provider beside the resource itself, in no predefined role that `plan` has.
BESIDE = {
    "google_container_node_pool": "compute.instanceGroupManagers.list",
    "google_logging_project_cmek_settings": "logging.cmekSettings.get",
    "google_logging_project_exclusion": "logging.exclusions.get",
    "google_project": "resourcemanager.projects.get",
}


@pytest.fixture(scope="module")
def used() -> set[str]:
    """Types of the first root and its modules."""
    text = "".join(one.read_text(encoding="utf-8") for one in TERRAFORM.rglob("*.tf"))
    return set(re.findall(r'(?m)^(?:resource|data) "(google_\w+)"', text))


@pytest.fixture(scope="module")
def permissions() -> set[str]:
    return set(local(module("identities"), "deployer_permissions")["plan"])


def test_each_policy_of_the_tree_can_be_read(used: set[str], permissions: set[str]) -> None:
    policies = {one for one in used if "_iam_" in one} - {"google_project_iam_custom_role"}
    pools = {one for one in policies if one.startswith("google_iam_workload_identity_pool")}
    assert policies - pools == set(POLICIES)
    assert {one for one in permissions if one.endswith(".getIamPolicy")} == {
        f"{one}.getIamPolicy" for one in POLICIES.values()
    }


def test_what_is_read_beside_can_be_read(used: set[str], permissions: set[str]) -> None:
    assert set(BESIDE) <= used
    assert set(BESIDE.values()) <= permissions


def test_no_role_of_it_lists_what_is_in_the_cluster_or_in_the_log() -> None:
    roles = set(local(module("identities"), "project_roles")["plan"])
    assert not roles & {"roles/iam.securityReviewer", "roles/viewer", "roles/container.viewer"}
    assert not {one for one in roles if one.startswith("roles/logging.")}
