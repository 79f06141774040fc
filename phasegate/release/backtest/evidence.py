"""The evidence that production would have had of a phase that past traffic went through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from phasegate.clock import microseconds
from phasegate.release.backtest.rows import Rows
from phasegate.release.backtest.statistics import count_cohort, count_pairs
from phasegate.release.backtest.valuation import Valuation
from phasegate.release.evidence import Cohorts, Evidence, Proportion, Traffic
from phasegate.release.record import ReleaseRecord, desired

ASSUMPTIONS = (
    "The challenger's scores are worked out afterwards: it answers each request, fails none and "
    "loses no copy.",
    "The challenger is as fast as the champion: gates on latency, slow answers, errors and "
    "coverage cannot be replayed, and rest on this.",
    "Users do the same whoever answers them: a decision changes neither later requests nor labels.",
    "Traffic follows each decision at once, the kill switch stays off, and nobody resumes a "
    "release that is frozen.",
    "Guardrails are looked at when everything is; the guard in production looks every few seconds.",
)

UNREPLAYABLE = ("latency", "slow", "errors", "coverage")


@dataclass(frozen=True, slots=True, eq=False)
class PastEvidence:
    """Evidence of a replayed release: event times from the phase's start to the look, and no later.

    Attributes:
        rows: of the past.
        valuation: None without a business metric.
    """

    rows: Rows
    valuation: Valuation | None

    def __call__(self, record: ReleaseRecord, now: datetime) -> Evidence:
        """What is known at a time of the phase that the record is in."""
        phase, since = record.current, record.phase_applied or record.phase_started
        ends = [microseconds(since), microseconds(now)]
        start, end = map(int, np.searchsorted(self.rows.time, ends, side="left"))
        met = self.rows.draw[start:end] < phase.weight
        asked = start + np.flatnonzero(~met)
        own = start + np.flatnonzero(met)
        copied = asked[self.rows.copy[asked] < phase.mirror]
        values = self.valuation.at(now) if self.valuation else None
        pairs = count_pairs(self.rows, asked, copied, values) if phase.mirror else None
        cohorts = None
        if phase.weight:
            cohorts = Cohorts(
                count_cohort(self.rows, asked, "champion", values),
                count_cohort(self.rows, own, "challenger", values),
            )
        return Evidence(
            release=record.release,
            champion=record.champion.digest,
            challenger=record.challenger.digest,
            phase=phase.name,
            since=since,
            until=now,
            pairs=pairs,
            cohorts=cohorts,
            traffic=self._traffic(record, asked, own, copied),
            kill=False,
            log_read=True,
        )

    def _traffic(
        self, record: ReleaseRecord, asked: np.ndarray, own: np.ndarray, copied: np.ndarray
    ) -> Traffic:
        wanted = desired(record)
        counts = (Proportion(0, int(self.rows.first[of].sum())) for of in (asked, own, copied))
        champion, challenger, copies = counts
        return Traffic(
            champion=wanted.champion.slot,
            challenger=wanted.challenger.slot if wanted.challenger else "",
            weight=wanted.weight,
            mirror=wanted.mirror,
            killed=False,
            champion_errors=champion,
            challenger_errors=challenger,
            copies_lost=copies,
            challenger_healthy=True,
        )
