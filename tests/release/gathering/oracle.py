"""The statistics again, by loops over rows."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from phasegate.release.evidence import Cohort, Cohorts, Pairs, Proportion
from phasegate.release.policy import BusinessMetric
from phasegate.statistics.bounded import Moments
from phasegate.statistics.clusters import Clusters
from phasegate.statistics.distances import LATENCY_EDGES_US, SCORE_EDGES

LOWER, UPPER = -1000.0, 1000.0
METRIC = BusinessMetric(
    "saved",
    "CASE WHEN label AND decision = 1 THEN amount WHEN decision = 1 THEN -5 ELSE 0.25 END",
    lower=LOWER,
    upper=UPPER,
)
# Null where the amount is, whatever is decided: the same rows for both models.
METRIC_ON_KNOWN = BusinessMetric(
    METRIC.name, f"CASE WHEN amount IS NOT NULL THEN {METRIC.sql} END", lower=LOWER, upper=UPPER
)

Row = dict[str, Any]


def worth(row: Row, decision: int) -> float | None:
    """METRIC_ON_KNOWN of a row."""
    amount = row["features"]["amount"]
    if amount is None:
        return None
    return (amount if row["label"] else -5.0) if decision == 1 else 0.25


def key(row: Row) -> tuple[str, str]:
    """Whom a row belongs to."""
    return ("r", row["request_id"]) if row["entity"] is None else ("e", row["entity"])


def clusters(rows: Iterable[Row], value: Callable[[Row], float]) -> Clusters:
    """Sums by entity, exactly rounded."""
    groups: dict[Any, list[float]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(value(row))
    sums = [(len(group), math.fsum(group)) for group in groups.values()]
    return Clusters(
        len(sums),
        math.fsum(n for n, _ in sums),
        math.fsum(n * n for n, _ in sums),
        math.fsum(y for _, y in sums),
        math.fsum(y * y for _, y in sums),
        math.fsum(y * n for n, y in sums),
    )


def histogram(values: Iterable[float], edges: np.ndarray) -> tuple[int, ...]:
    """Counts of bins that hold their left edge; what is beyond is in the first or last."""
    counts = [0] * (len(edges) - 1)
    for value in values:
        place = sum(1 for edge in edges if edge <= value) - 1
        counts[min(max(place, 0), len(counts) - 1)] += 1
    return tuple(counts)


def of_pairs(rows: list[Row], counts: dict[str, int]) -> Pairs:
    """Pairs under METRIC_ON_KNOWN with the slice ``category``."""
    differ = [row["champion_decision"] != row["challenger_decision"] for row in rows]
    slices: dict[str, Counter[bool]] = defaultdict(Counter)
    for row, different in zip(rows, differ, strict=True):
        slices[row["features"]["category"] or "(missing)"][different] += 1
    labelled = [row for row in rows if row["label"] is not None]
    valued = [row for row in labelled if row["features"]["amount"] is not None]

    def difference(row: Row) -> float:
        return worth(row, row["challenger_decision"]) - worth(row, row["champion_decision"])

    ordered = sorted(valued, key=lambda row: (row["event_time"], row["request_id"], row["row"]))
    reach = UPPER - LOWER
    return Pairs(
        **counts,
        rows=len(rows),
        entities=len({key(row) for row in rows}),
        disagreements=Proportion(sum(differ), len(rows)),
        slices={
            "category": {v: Proportion(c[True], c.total()) for v, c in slices.items()}
            if rows
            else {}
        },
        **{
            f"{role}_scores": histogram((row[f"{role}_score"] for row in rows), SCORE_EDGES)
            for role in ("champion", "challenger")
        },
        **{
            f"{role}_latency": histogram(
                (row[f"{role}_latency_us"] for row in rows if row["row"] == 0), LATENCY_EDGES_US
            )
            for role in ("champion", "challenger")
        },
        differing=clusters(
            rows, lambda row: float(row["champion_decision"] != row["challenger_decision"])
        ),
        champion_value=clusters(valued, lambda row: worth(row, row["champion_decision"])),
        difference=clusters(valued, difference),
        bounded=Moments.of(np.array([difference(row) for row in ordered]), -reach, reach),
        unvalued=len(labelled) - len(valued),
    )


def of_cohorts(rows: list[Row]) -> Cohorts:
    """Cohorts under METRIC_ON_KNOWN."""
    met = {key(row) for row in rows if row["role"] == "challenger"}
    crossed = {key(row) for row in rows if row["role"] == "champion" and key(row) in met}
    return Cohorts(
        champion=_cohort([row for row in rows if key(row) not in met], "champion"),
        challenger=_cohort([row for row in rows if key(row) in met], "challenger"),
        crossed=len(crossed),
    )


def _cohort(rows: list[Row], role: str) -> Cohort:
    failed, heard, requests = 0, [], sorted({row["request_id"] for row in rows})
    for request in requests:
        records = [row for row in rows if row["request_id"] == request]
        own = [row for row in records if row["role"] == role]
        failed += not own or any(row["error"] for row in own)
        answered = [row for row in own if not row["error"]]
        heard += answered or [row for row in records if not row["error"]]
    labelled = [row for row in heard if row["label"] is not None]
    valued = [row for row in labelled if row["features"]["amount"] is not None]
    firsts: dict[Any, Any] = {}
    for row in sorted(valued, key=lambda row: (row["event_time"], row["request_id"], row["row"])):
        firsts.setdefault(key(row), worth(row, row["decision"]))
    return Cohort(
        requests=len(requests),
        failed=failed,
        entities=len({key(row) for row in rows}),
        latency=histogram(
            (
                row["latency_us"]
                for row in rows
                if row["role"] == role and not row["error"] and row["row"] == 0
            ),
            LATENCY_EDGES_US,
        ),
        decisions=clusters(heard, lambda row: float(row["decision"] == 1)),
        value=clusters(valued, lambda row: worth(row, row["decision"])),
        bounded=Moments.of(np.array(list(firsts.values())), LOWER, UPPER),
        unvalued=len(labelled) - len(valued),
    )
