"""Policies side by side over the same past: what each would have decided, and what it was worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from phasegate.errors import BadInput
from phasegate.progress import Progress, between
from phasegate.release.backtest.evidence import PastEvidence
from phasegate.release.backtest.hindsight import Hindsight, Ledger, gain_path, look_back
from phasegate.release.backtest.replay import Contest, replay, stretches
from phasegate.release.backtest.rows import Rows, read_rows
from phasegate.release.backtest.truth import fill_truth
from phasegate.release.backtest.valuation import Valuation, valuation
from phasegate.release.entry import Entry
from phasegate.release.policy import BusinessMetric, Labels, Policy


@dataclass(frozen=True, slots=True)
class Candidate:
    """A policy to replay.

    Attributes:
        name: told to people; different for each.
        policy: its rules.
    """

    name: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a release under one policy.

    Attributes:
        candidate: the policy.
        entries: what the audit log would say.
        hindsight: what it came to.
    """

    candidate: Candidate
    entries: tuple[Entry, ...]
    hindsight: Hindsight


@dataclass(frozen=True, slots=True)
class Study:
    """All policies over one past.

    Attributes:
        contest: who was compared, and when.
        outcomes: one for each policy, in the order asked for.
        metric: by which they are compared: the first policy's that has one; None where none has.
        valued: rows whose value became known.
        rows: rows of the past.
        switched: business value of switching at once, less the champion's, before each look.
    """

    contest: Contest
    outcomes: tuple[Outcome, ...]
    metric: BusinessMetric | None
    valued: int
    rows: int
    switched: tuple[float, ...]

    @property
    def at_once(self) -> float:
        """Business value of switching to the challenger at once, less the champion's."""
        return self.switched[-1]


def study(
    connection: duckdb.DuckDBPyConnection,
    contest: Contest,
    candidates: Sequence[Candidate],
    folder: Path,
    progress: Progress,
) -> Study:
    """Replay each policy over the table of past traffic.

    Args:
        connection: has the table `phasegate.release.backtest.table.TABLE`.
        contest: who is compared, and when.
        candidates: the policies.
        folder: for labels from a bucket.
        progress: told how far it is.

    Raises:
        BadInput: nobody looks in the time that is replayed, or a policy cannot be replayed.
    """
    if not contest.looks:
        raise BadInput(
            f"there is no look from {contest.since} to {contest.until}",
            expected=f"at least {contest.every} of past traffic",
            fix="look more often: --every 1h",
        )
    slices = sorted({name for one in candidates for name in one.policy.slices})
    rows = read_rows(connection, slices)
    values = _Valuations(connection, rows, folder)
    yardstick = next((one.policy for one in candidates if one.policy.metric), None)
    judged = values.of(yardstick) if yardstick else None
    ledger = _ledger(rows, judged)
    times = (*contest.looks, contest.until)
    outcomes = []
    for number, one in enumerate(candidates):
        part = between(progress, number / len(candidates), (number + 1) / len(candidates))
        part(0.0, f"replaying {one.name}")
        gather = PastEvidence(rows.only(one.policy.slices), values.of(one.policy))
        entries = replay(contest, one.policy, gather)
        hindsight = look_back(ledger, tuple(stretches(contest, entries)), times)
        outcomes.append(Outcome(one, entries, hindsight))
    return Study(
        contest=contest,
        outcomes=tuple(outcomes),
        metric=yardstick.metric if yardstick else None,
        valued=int(np.count_nonzero(~np.isnan(ledger.champion))),
        rows=len(rows),
        switched=gain_path(ledger, ledger.gains(), times),
    )


class _Valuations:
    """Values of the rows under each metric and source of labels, worked out once."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, rows: Rows, folder: Path) -> None:
        self._connection, self._rows, self._folder = connection, rows, folder
        self._known: dict[tuple[BusinessMetric, Labels], Valuation] = {}

    def of(self, policy: Policy) -> Valuation | None:
        if policy.metric is None:
            return None
        key = policy.metric, policy.labels
        if key not in self._known:
            fill_truth(self._connection, policy.labels, self._folder)
            self._known[key] = valuation(self._connection, policy, self._rows)
        return self._known[key]


def _ledger(rows: Rows, judged: Valuation | None) -> Ledger:
    nothing = np.full(len(rows), np.nan)
    return Ledger(
        time=rows.time,
        draw=rows.draw,
        key=rows.key,
        first=rows.first,
        champion=judged.late.champion if judged else nothing,
        challenger=judged.late.challenger if judged else nothing,
    )
