"""Buckets: private, versioned, and not destroyed by a slip."""

from __future__ import annotations

from collections.abc import Iterator

from infra.lint.context import Context, finding
from infra.lint.rules.catalogue import error
from infra.lint.rules.settings import Setting, protects, violations
from phasegate.linting.finding import Finding

NOT_UNIFORM = error(
    "501",
    "access-by-object",
    "A bucket allows access lists on single objects.",
    why="Who can read what is then spread over objects, and IAM does not show it.",
    fix="Write uniform_bucket_level_access = true.",
)
PUBLIC_BUCKET = error(
    "502",
    "bucket-may-be-public",
    "A bucket does not refuse to be made public.",
    why="One wrong binding shows customers' data to the internet.",
    fix='Write public_access_prevention = "enforced".',
)
NOT_VERSIONED = error(
    "503",
    "bucket-without-versions",
    "A bucket keeps no old versions of its objects, and has no retention policy either.",
    why="What is overwritten or deleted by mistake is gone.",
    fix="Write versioning { enabled = true }, and a lifecycle rule that ends old versions.",
)
FORCE_DESTROY = error(
    "504",
    "bucket-destroyed-with-objects",
    "A bucket is destroyed together with what is in it.",
    why="One terraform destroy takes registered models and their provenance with it.",
    fix="Write force_destroy = false.",
)
NOT_PROTECTED = error(
    "505",
    "not-protected",
    "A bucket or a key can be destroyed by a plan that somebody did not read.",
    why="Data that no one can make again goes with it; without its key it is noise.",
    fix="Write lifecycle { prevent_destroy = true }.",
)

_SETTINGS = (
    Setting(
        NOT_UNIFORM,
        ("uniform_bucket_level_access",),
        frozenset({True}),
        "uniform_bucket_level_access is not set",
    ),
    Setting(
        PUBLIC_BUCKET,
        ("public_access_prevention",),
        frozenset({"enforced"}),
        "public_access_prevention is not set",
    ),
    Setting(FORCE_DESTROY, ("force_destroy",), frozenset({False}), None),
)
_VERSIONS = Setting(
    NOT_VERSIONED, ("versioning", "enabled"), frozenset({True}), "versioning is not set"
)
_KEPT = frozenset({"google_storage_bucket", "google_kms_crypto_key"})


def problems(context: Context) -> Iterator[Finding]:
    """What is wrong with buckets."""
    for placed in context.module.resources.values():
        kind = placed.block.labels[0]
        if kind == "google_storage_bucket":
            for setting in _SETTINGS:
                yield from violations(context, placed, setting)
            if not any(placed.block.body.of_kind("retention_policy")):  # it keeps every object
                yield from violations(context, placed, _VERSIONS)
        if kind in _KEPT and not protects(placed):
            what = "prevent_destroy is not true"
            yield finding(NOT_PROTECTED, placed.file, placed.block.line, placed.address, what)
