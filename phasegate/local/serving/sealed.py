"""What the sealed prediction log says of champion and shadow."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from phasegate.clock import time_of
from phasegate.errors import BadInput
from phasegate.local.serving.running import Running
from phasegate.prediction_log.pairs import Coverage, coverage, matched
from phasegate.store.named import NamedFiles, open_named

_POLL_SECONDS = 0.3
_QUIET_SECONDS = 6.0  # longer than a segment stays open and the sidecar takes to see it
_LONGEST_SECONDS = 60.0
_GRID = 1e-15  # of differences between scores


@dataclass(frozen=True)
class Matching:
    """Champion and shadow on the same requests.

    Attributes:
        coverage: how many of the champion's requests the shadow answered, and why not the rest.
        rows: that both answered.
        disagreements: rows that they decide differently.
        mean_difference: of the scores, shadow less champion; None where there are no rows.
        largest_difference: of the scores, either way; None where there are no rows.
    """

    coverage: Coverage
    rows: int
    disagreements: int
    mean_difference: float | None
    largest_difference: float | None

    @property
    def share(self) -> float:
        """Share of the champion's requests that the shadow answered; 0 where there are none."""
        return self.coverage.answered / self.coverage.requests if self.coverage.requests else 0.0

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self) | {"share": self.share}


def matching_of(
    running: Running, *, since: str = "", until: str = "", prefix: str = ""
) -> Matching:
    """Compare the two models that are served, over their whole log or a part of it.

    Args:
        since: first event time, ISO 8601; empty for all.
        until: event time that is not part of it any more.
        prefix: of the request ids that count.

    Raises:
        BadInput: there is no challenger, or a time is none.
    """
    if "challenger" not in running.models:
        raise BadInput(
            "there is no challenger to compare with",
            where=running.name,
            fix="serve one beside it: phasegate serve CHAMPION CHALLENGER",
        )
    store = open_named(running.log)
    with tempfile.TemporaryDirectory() as folder:
        files = [_local(store, name, Path(folder)) for name in _names(store, running)]
        connection = duckdb.connect()
        digests = [running.models[role]["digest"] for role in ("champion", "challenger")]
        limits = {
            "since": time_of(since, "since") if since else None,
            "until": time_of(until, "until") if until else None,
            "prefix": prefix,
        }
        pairs = matched(connection, files, *digests, **limits)
        difference = "shadow_score - champion_score"
        # Integers have the same sum in any order; DuckDB's threads add floats in another each time.
        rows, disagreements, total, largest = pairs.aggregate(
            "count(*), count(*) FILTER (shadow_decision <> champion_decision), "
            f"sum(round(({difference}) / {_GRID})::HUGEINT), max(abs({difference}))"
        ).fetchall()[0]
        covered = coverage(connection, files, *digests, **limits)
    mean = int(total) * _GRID / rows if rows else None
    return Matching(covered, rows, disagreements, mean, largest)


def await_log(running: Running, prefix: str, answered: int) -> Matching | None:
    """Wait until the answers to a replay are in the log, and compare the models on them.

    Args:
        prefix: of the replay's request ids.
        answered: how many of them were answered.

    Returns:
        None where there is no challenger.
    """
    if "challenger" not in running.models:
        return None
    store = open_named(running.log)
    counts: Counter[str] = Counter()
    known: set[str] = set()
    started = changed = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() - started < _LONGEST_SECONDS:
            for name in set(_names(store, running)) - known:
                known.add(name)
                counts.update(_roles(_local(store, name, Path(folder)), prefix))
                changed = time.monotonic()
            seen = counts["champion"] + counts["challenger"] >= answered
            if seen and counts["shadow"] >= counts["champion"]:
                break
            if seen and time.monotonic() - changed > _QUIET_SECONDS:
                break
            time.sleep(_POLL_SECONDS)
    return matching_of(running, prefix=prefix)


def _names(store: NamedFiles, running: Running) -> list[str]:
    return store.names(f"predictions/{running.name}/")


def _local(store: NamedFiles, name: str, folder: Path) -> Path:
    """The file's path here, fetched under its own partition where the store is far away."""
    return store.local_path(name) or store.fetch(name, folder / Path(name).parent)


def _roles(file: Path, prefix: str) -> dict[str, int]:
    """Answered requests of a replay in one file, by role."""
    source = duckdb.read_parquet(str(file), hive_partitioning=False)
    found = source.filter(
        duckdb.FunctionExpression(
            "starts_with", duckdb.ColumnExpression("request_id"), duckdb.ConstantExpression(prefix)
        )
    ).filter("error IS NULL AND row = 0")
    return dict(found.aggregate("role, count(*)").fetchall())
