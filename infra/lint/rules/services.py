"""Databases, caches, clusters and networks: private, encrypted, protected."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from infra.lint.context import Context, finding
from infra.lint.modules import Placed
from infra.lint.rules.catalogue import error
from infra.lint.rules.settings import Setting, strings, strings_in_dynamic, violations
from infra.lint.values import Scalar
from phasegate.linting.finding import Finding

PUBLIC_SQL = error(
    "601",
    "public-database",
    "A database has an address on the internet.",
    why="Every scanner of the internet tries its passwords.",
    fix="Write ipv4_enabled = false in ip_configuration, and a private_network.",
)
PLAIN_SQL = error(
    "602",
    "unencrypted-connections",
    "A database or a cache takes connections that are not encrypted, or without credentials.",
    why="Whoever is in the network reads along.",
    fix='Write ssl_mode = "ENCRYPTED_ONLY" for SQL; auth_enabled = true and '
    'transit_encryption_mode = "SERVER_AUTHENTICATION" for Redis.',
)
NO_BACKUP = error(
    "603",
    "no-backup",
    "A database is not backed up, or not to a point in time.",
    why="The register of models and its history are in it.",
    fix="Write backup_configuration with enabled and point_in_time_recovery_enabled.",
)
DELETABLE = error(
    "604",
    "no-deletion-protection",
    "A database or a cluster can be deleted by a plan that somebody did not read.",
    why="All that runs on it is down, and data may be gone.",
    fix="Write deletion_protection = true, or a variable whose default is true.",
)
PUBLIC_NODES = error(
    "605",
    "public-nodes",
    "A cluster's nodes have addresses on the internet.",
    why="Each node is then a way in that no load balancer guards.",
    fix="Write private_cluster_config { enable_private_nodes = true }.",
)
NO_WORKLOAD_IDENTITY = error(
    "606",
    "no-workload-identity",
    "A cluster's pods share the account of their node.",
    why="Every pod may then do what any of them needs.",
    fix="Write workload_identity_config with a workload_pool.",
)
LEGACY = error(
    "607",
    "legacy-cluster",
    "A cluster uses an authorisation or a network that Kubernetes has left behind.",
    why="Attribute-based access gives rights that no role shows; a client certificate stays.",
    fix="Leave enable_legacy_abac and client certificates off.",
)
OPEN = error(
    "608",
    "open-to-the-internet",
    "A firewall, a control plane or a database admits every address of the internet.",
    why="Everyone may try.",
    fix="Name the ranges that need it.",
)

DEFAULT_ACCOUNT = error(
    "609",
    "default-account-of-nodes",
    "Nodes run as the project's default account.",
    why="In many projects it may edit everything; what breaks out of a pod then may, too.",
    fix="Write node_config.service_account, with an account that may write logs and metrics.",
)

_SQL = (
    Setting(
        PUBLIC_SQL,
        ("settings", "ip_configuration", "ipv4_enabled"),
        frozenset({False}),
        "ipv4_enabled is not set, and its default is true",
    ),
    Setting(
        PLAIN_SQL,
        ("settings", "ip_configuration", "ssl_mode"),
        frozenset({"ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"}),
        "ssl_mode is not set",
    ),
    Setting(
        NO_BACKUP,
        ("settings", "backup_configuration", "enabled"),
        frozenset({True}),
        "backup_configuration.enabled is not set",
    ),
    Setting(
        NO_BACKUP,
        ("settings", "backup_configuration", "point_in_time_recovery_enabled"),
        frozenset({True}),
        "point_in_time_recovery_enabled is not set",
    ),
    Setting(DELETABLE, ("deletion_protection",), frozenset({True}), None),
)
_REDIS = (
    Setting(PLAIN_SQL, ("auth_enabled",), frozenset({True}), "auth_enabled is not set"),
    Setting(
        PLAIN_SQL,
        ("transit_encryption_mode",),
        frozenset({"SERVER_AUTHENTICATION"}),
        "transit_encryption_mode is not set",
    ),
)
_CLUSTER = (
    Setting(
        PUBLIC_NODES,
        ("private_cluster_config", "enable_private_nodes"),
        frozenset({True}),
        "private_cluster_config.enable_private_nodes is not set",
    ),
    Setting(DELETABLE, ("deletion_protection",), frozenset({True}), None),
    Setting(LEGACY, ("enable_legacy_abac",), frozenset({False}), None),
    Setting(
        LEGACY,
        ("master_auth", "client_certificate_config", "issue_client_certificate"),
        frozenset({False}),
        None,
    ),
)
_POOL = (
    Setting(
        DEFAULT_ACCOUNT,
        ("node_config", "service_account"),
        frozenset(),
        "node_config.service_account is not set",
    ),
)
_SETTINGS = {
    "google_container_node_pool": _POOL,
    "google_sql_database_instance": _SQL,
    "google_redis_instance": _REDIS,
    "google_container_cluster": _CLUSTER,
}


def problems(context: Context) -> Iterator[Finding]:
    """What is open, plain or unprotected."""
    for placed in context.module.resources.values():
        kind = placed.block.labels[0]
        for setting in _SETTINGS.get(kind, ()):
            yield from violations(context, placed, setting)
        match kind:
            case "google_container_cluster":
                yield from _identity(context, placed)
                for scalar, line in strings_in_dynamic(
                    context, placed, "cidr_blocks", "cidr_block"
                ):
                    yield from _open(placed, scalar, line, "the control plane")
            case "google_sql_database_instance":
                for scalar, line in strings_in_dynamic(
                    context, placed, "authorized_networks", "value"
                ):
                    yield from _open(placed, scalar, line, "the database")
            case "google_compute_firewall":
                yield from _firewall(context, placed)


def _identity(context: Context, placed: Placed) -> Iterator[Finding]:
    body = placed.block.body
    mode = context.evaluator.possible(body.value("enable_autopilot"), placed.file)
    autopilot = all(isinstance(one, Scalar) and one.value is True for one in mode)
    if not any(body.of_kind("workload_identity_config")) and not autopilot:
        what = "workload_identity_config is not set"
        yield finding(NO_WORKLOAD_IDENTITY, placed.file, placed.block.line, placed.address, what)


def _firewall(context: Context, placed: Placed) -> Iterator[Finding]:
    body = placed.block.body
    if not any(body.of_kind("allow")):
        return
    direction = strings(context, placed, placed.block, "direction")
    if any(scalar.value == "EGRESS" for scalar in direction):
        return
    for scalar in strings(context, placed, placed.block, "source_ranges"):
        yield from _open(placed, scalar, placed.block.line, "the firewall")


def _open(placed: Placed, scalar: Scalar, line: int, what: str) -> Iterator[Finding]:
    try:
        network = ipaddress.ip_network(str(scalar.value), strict=False)
    except ValueError:
        return
    if network.prefixlen == 0:
        file, at = (scalar.file, scalar.line) if scalar.line else (placed.file, line)
        yield finding(OPEN, file, at, placed.address, f"{what} admits {scalar.value}")
