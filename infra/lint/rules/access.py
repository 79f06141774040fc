"""Access: who may do what, and on how much."""

from __future__ import annotations

from collections.abc import Iterator

from infra.lint.context import Context, finding
from infra.lint.hcl.tree import Block, Literal, within
from infra.lint.modules import Kind, Placed
from infra.lint.rules.catalogue import error
from infra.lint.values import Many, Scalar, Value
from phasegate.linting.finding import Finding

BROAD_ROLE = error(
    "401",
    "over-broad-role",
    "A role is named that holds far more than one workload needs.",
    why="Whoever takes over that workload takes over the project.",
    fix="Name the narrowest predefined role, on the narrowest resource.",
)
PUBLIC = error(
    "402",
    "public-access",
    "Access is given to everyone on the internet.",
    why="allUsers and allAuthenticatedUsers are anybody with, or without, a Google account.",
    fix="Name the accounts or the group that need it.",
)
WHOLE_PROJECT = error(
    "403",
    "role-on-whole-project",
    "A role is given on the whole project that can be given on one resource.",
    why="It then holds for every resource of that kind, also for those that come later.",
    fix="Give it on the resource.",
)
AUTHORITATIVE = error(
    "404",
    "authoritative-policy",
    "A project's whole policy, or all members of one of its roles, are replaced.",
    why="It takes access from Google's own service agents and from everything else in the project.",
    fix="Use google_project_iam_member.",
)
KEY = error(
    "405",
    "service-account-key",
    "A key of a service account is made.",
    why="It never expires, is copied, and lies in the state.",
    fix="Use Workload Identity on the cluster, and identity federation outside of it.",
)
ANY_TOKEN = error(
    "406",
    "federation-for-anyone",
    "An identity provider for workloads elsewhere has no condition on who may come.",
    why="Every repository of that host can ask for a token.",
    fix="Write attribute_condition on the repository and its owner.",
)

BROAD = {
    "roles/owner": "it may do everything",
    "roles/editor": "it may change almost everything",
    "roles/viewer": "it may read almost everything of the project",
    "roles/iam.securityAdmin": "it may give itself any role",
    "roles/iam.serviceAccountAdmin": "it may act on every service account",
    "roles/iam.serviceAccountKeyAdmin": "it may make keys of every service account",
    "roles/iam.workloadIdentityPoolAdmin": "it may let anyone in from elsewhere",
    "roles/resourcemanager.projectIamAdmin": "it may give itself any role",
    "roles/resourcemanager.organizationAdmin": "it may give itself any role on everything",
    "roles/resourcemanager.folderAdmin": "it may give itself any role in a folder",
    "roles/storage.admin": "it may delete buckets, and make them public",
    "roles/container.admin": "it is cluster-admin of every cluster",
    "roles/container.clusterAdmin": "it may replace every cluster",
    "roles/compute.admin": "it may change every machine and firewall",
    "roles/compute.securityAdmin": "it may open every firewall",
    "roles/compute.networkAdmin": "it may change every network",
    "roles/cloudsql.admin": "it may delete every database, and open it to the internet",
    "roles/secretmanager.admin": "it may read every secret",
    "roles/artifactregistry.admin": "it may replace every image",
    "roles/cloudkms.admin": "it may destroy every key",
    "roles/redis.admin": "it may delete every cache",
    "roles/bigquery.admin": "it may read and delete every data set",
    "roles/pubsub.admin": "it may read and delete every topic",
    "roles/logging.admin": "it may delete the audit log",
    "roles/monitoring.admin": "it may silence every alert",
    "roles/serviceusage.serviceUsageAdmin": "it may switch services on and off",
    "roles/billing.admin": "it may move what the organisation pays",
}
"""Roles that no workload of ours needs, each with what makes it so."""

ON_RESOURCES = {
    "roles/storage.": "google_storage_bucket_iam_member",
    "roles/secretmanager.": "google_secret_manager_secret_iam_member",
    "roles/artifactregistry.": "google_artifact_registry_repository_iam_member",
    "roles/iam.serviceAccountTokenCreator": "google_service_account_iam_member",
    "roles/iam.serviceAccountUser": "google_service_account_iam_member",
    "roles/iam.workloadIdentityUser": "google_service_account_iam_member",
    "roles/iam.serviceAccountOpenIdTokenCreator": "google_service_account_iam_member",
    "roles/cloudkms.cryptoKey": "google_kms_crypto_key_iam_member",
    "roles/pubsub.publisher": "google_pubsub_topic_iam_member",
    "roles/pubsub.subscriber": "google_pubsub_subscription_iam_member",
    "roles/bigquery.data": "google_bigquery_dataset_iam_member",
}
"""Roles that can be given on one resource, by the beginning of their names."""

_EVERYONE = frozenset({"allUsers", "allAuthenticatedUsers"})
_PROJECT_LEVEL = frozenset(
    {"google_project_iam_member", "google_project_iam_binding", "google_project_iam_policy"}
)
_LOOKS_ONLY = frozenset({"validation", "precondition", "postcondition", "assert"})


def named(context: Context) -> Iterator[Finding]:
    """Roles and members that nothing should name, wherever they are written.

    They travel through locals, loops and calls, so that every constant counts.
    """
    for document in context.module.documents:
        for block in document.body.blocks:
            yield from _literals(Placed(document.name, block), block)


def problems(context: Context) -> Iterator[Finding]:
    """What is given too freely."""
    for placed in context.module.resources.values():
        kind = placed.block.labels[0]
        if kind in _PROJECT_LEVEL and context.module.kind is not Kind.EXAMPLE:
            yield from _on_project(context, placed)
        if kind in {"google_project_iam_policy", "google_project_iam_binding"}:
            what = f"{kind} takes away what others were given"
            yield finding(AUTHORITATIVE, placed.file, placed.block.line, placed.address, what)
        if kind == "google_service_account_key":
            what = "a key of a service account is made"
            yield finding(KEY, placed.file, placed.block.line, placed.address, what)
        conditioned = placed.block.body.argument("attribute_condition") is not None
        if kind == "google_iam_workload_identity_pool_provider" and not conditioned:
            what = "attribute_condition is not set"
            yield finding(ANY_TOKEN, placed.file, placed.block.line, placed.address, what)


def _literals(placed: Placed, block: Block) -> Iterator[Finding]:
    if block.kind in _LOOKS_ONLY:
        return
    for argument in block.body.arguments:
        if argument.name in {"description", "error_message", "condition", "attribute_condition"}:
            continue
        for one in within(argument.value):
            if not isinstance(one, Literal) or not isinstance(one.value, str):
                continue
            if one.value in BROAD:
                what = f"{one.value}: {BROAD[one.value]}"
                yield finding(BROAD_ROLE, placed.file, one.line, placed.address, what)
            elif one.value in _EVERYONE:
                what = f"access is given to {one.value}"
                yield finding(PUBLIC, placed.file, one.line, placed.address, what)
    for inner in block.body.blocks:
        yield from _literals(placed, inner)


def _on_project(context: Context, placed: Placed) -> Iterator[Finding]:
    if any(placed.block.body.of_kind("condition")):
        return  # a condition names the resources
    role = placed.block.body.value("role")
    seen: set[tuple[str, int]] = set()
    for value in context.evaluator.possible(role, placed.file, context.evaluator.scope(placed)):
        for scalar in _scalars(value):
            resource = next(
                (one for start, one in ON_RESOURCES.items() if str(scalar.value).startswith(start)),
                None,
            )
            place = (scalar.file, scalar.line) if scalar.line else (placed.file, placed.block.line)
            if resource is None or place in seen:
                continue
            seen.add(place)
            what = f"{scalar.value} is given on the whole project"
            fix = f"Give it on the resource, by {resource}."
            yield finding(WHOLE_PROJECT, *place, placed.address, what, fix)


def _scalars(value: Value) -> Iterator[Scalar]:
    if isinstance(value, Scalar):
        yield value
    elif isinstance(value, Many):
        for one in value.items:
            yield from _scalars(one)
