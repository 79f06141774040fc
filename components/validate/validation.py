"""From a snapshot to everything that is known and thought about it."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.validate.checks import examine
from components.validate.facts import TableFacts, measure
from components.validate.findings import Finding, without_echoes
from components.validate.judging import assess, judge
from components.validate.reference import open_reference
from components.validate.settings import Comparison, Policy, Roles
from components.validate.summary import summarize
from phasegate.contracts.verdict import Judgement
from phasegate.progress import Progress, no_progress
from phasegate.snapshots import Snapshot
from phasegate.store import object_name

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0.schema_pb2 import Schema
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

# A time without a zone may be local time anywhere on Earth: UTC+14 at most.
CLOCK_TOLERANCE = timedelta(hours=14)


@dataclass(frozen=True)
class Validation:
    """All that validation knows about a snapshot.

    Attributes:
        statistics: TFDV's.
        schema: what the data were held against.
        origin: 'inferred' or 'curated'.
        report: content of report.json.
        judgement: the verdict.
    """

    statistics: DatasetFeatureStatisticsList
    schema: Schema
    origin: str
    report: dict[str, Any]
    judgement: Judgement


def validate(
    snapshot: Snapshot,
    roles: Roles,
    policy: Policy,
    *,
    now: datetime,
    scratch: Path,
    progress: Progress = no_progress,
) -> Validation:
    """Count, check and judge a snapshot.

    Args:
        snapshot: the data.
        roles: which column plays which part.
        policy: what data are good enough.
        now: time zone aware; events after it, but for zones left unsaid, are in the future.
        scratch: an empty folder.
        progress: told how far it is.

    Raises:
        BadInput: a part, the curated schema or a snapshot to compare with is missing or damaged.
    """
    progress(0.02, "checking the digests of the parts")
    parts = snapshot.local_parts()
    others: dict[Comparison, Snapshot] = {
        kind: open_reference(digest, snapshot.uri, scratch / kind)
        for kind, digest in policy.comparisons.items()
    }
    with ThreadPoolExecutor(1) as pool:
        # TFDV takes 10 to 20 seconds to import; the table is scanned meanwhile.
        measured = pool.submit(measure, parts, roles, now + CLOCK_TOLERANCE, scratch)
        progress(0.1, "scanning the table while TensorFlow Data Validation loads")
        with quietly():
            from components.validate import anomalies, bins, counting, schemas

        table = measured.result()

    progress(0.5, f"counting {snapshot.rows:,} rows with Beam's {policy.runner}")
    statistics = _count(snapshot, parts, policy, scratch, counting.count)
    counted_others = {}
    for kind, other in others.items():
        progress(0.75, f"counting {other.rows:,} rows to compare with ({kind})")
        counted_others[kind] = _count(other, other.local_parts(), policy, scratch, counting.count)

    progress(0.9, "comparing with the schema")
    if policy.schema is not None:
        schema, origin = schemas.read(Path(policy.schema)), "curated"
    else:
        # Held against itself a snapshot has no new categories; held against the reference it may.
        known = counted_others.get("drift", statistics)
        schema, origin = schemas.infer(known, roles, policy.categorical), "inferred"
    found = examine(table, roles) + anomalies.find(statistics, schema)
    for kind, other in others.items():
        binned = bins.on_common_bins(statistics, parts, counted_others[kind], other.local_parts())
        schema = schemas.with_comparators(
            schema,
            kind,
            policy,
            roles,
            categorical=schemas.categorical_columns(counted_others[kind]),
            numeric=binned.columns,
        )
        found += anomalies.compare(binned.statistics, binned.reference, schema, kind)
    found += anomalies.placeholders(statistics)
    counted = counting.rows_counted(statistics)
    judgement, report = conclude(
        found, counting.only_dataset(statistics), counted, table, snapshot, roles, policy, origin
    )
    return Validation(statistics, schema, origin, report, judgement)


@contextmanager
def quietly() -> Iterator[None]:
    """Keep to itself what libraries say of optional parts while they load; errors still raise."""
    # Read when TensorFlow's own libraries load.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)


def conclude(
    findings: Sequence[Finding],
    dataset: Any,
    counted: int | None,
    table: TableFacts,
    snapshot: Snapshot,
    roles: Roles,
    policy: Policy,
    origin: str,
) -> tuple[Judgement, dict[str, Any]]:
    """Verdict and report, from what was found and counted."""
    assessed = assess(without_echoes(findings), policy.allow)
    judgement = judge(
        assessed, snapshot_digest=snapshot.digest, rows=snapshot.rows, counted=counted
    )
    report = summarize(
        dataset,
        table,
        roles,
        assessed,
        snapshot_digest=snapshot.digest,
        outcome=judgement.outcome.value,
    )
    return judgement, {
        **report,
        "schema": origin,
        "reference": policy.reference or "",
        "serving": policy.serving or "",
    }


def _count(
    snapshot: Snapshot,
    parts: Sequence[Path],
    policy: Policy,
    scratch: Path,
    count: Callable[..., DatasetFeatureStatisticsList],
) -> DatasetFeatureStatisticsList:
    """Statistics of a snapshot; workers of a distributed runner read the store themselves."""
    if policy.runner == "DirectRunner":
        addresses = [str(part) for part in parts]
        output = str(scratch / f"{snapshot.digest}.pb")
    else:
        addresses = [
            f"{snapshot.uri}/{object_name(part['digest'])}" for part in snapshot.manifest["parts"]
        ]
        output = f"{snapshot.uri}/statistics/{snapshot.digest}.pb"
    with warnings.catch_warnings():
        # Infinite values are reported as such; NumPy's remarks on their mean add nothing.
        warnings.simplefilter("ignore", RuntimeWarning)
        return count(addresses, output, runner=policy.runner, options=policy.beam_options)
