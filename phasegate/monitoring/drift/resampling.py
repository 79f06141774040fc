"""How much drift-free windows vary, the bound that they keep within, and how often they alarm."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from scipy.special import chdtri

from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.drift import rules as rule
from phasegate.monitoring.drift.comparison import Square, share_square
from phasegate.monitoring.drift.stretches import Column, Stretches, column, rounded
from phasegate.monitoring.drift.variation import MONTH, Spread, Variation
from phasegate.monitoring.policy import DriftRules
from phasegate.monitoring.profile import Profile

LEAST_EVIDENCE = -math.log(0.05)
TAIL = 0.25


def variation(
    profile: Profile,
    panes: Mapping[datetime, WindowCounts],
    length: timedelta,
    rules: DriftRules,
    seed: int,
) -> Variation | None:
    """How much windows of a length differ; None where fewer than two fit into the reference.

    All stretches are looked at that begin at whole lengths since 1970; where there are more than
    `stretches.MOST_WINDOWS`, as many of them, drawn by the seed.
    """
    starts = sorted(panes)
    span = starts[-1] + rules.pane - starts[0] if starts else timedelta(0)
    if span < 2 * length or rules.pane > length:
        return None
    stretches = Stretches(starts, [panes[one] for one in starts], span, length, seed)
    windows = _Windows.of(profile, stretches, span / length, length, rules)
    allowed = windows.allowance(np.ones(windows.number, bool))
    literally = np.sum(
        [rule.literal(one.found, rules.literal) for one in windows.features.values()], axis=0
    )
    unknown = _Windows.of(profile, stretches.apart(), span / length, length, rules)
    calibrated, channels = np.zeros((2, windows.number), bool)
    for part in np.unique(stretches.parts):
        held_out = stretches.parts == part
        if not held_out.all():
            told = unknown.alarms(windows.allowance(~held_out))
            calibrated[held_out], channels[held_out] = (one[held_out] for one in told)

    def monthly(alerts: np.ndarray) -> float:
        return rounded(float(np.mean(alerts)) * (MONTH / length))

    return Variation(
        length,
        windows.number,
        rounded(windows.independent),
        rounded(allowed.bound),
        allowed.extrapolated,
        rounded(windows.usual),
        rounded(allowed.rate),
        rounded(allowed.positive),
        allowed.scores,
        allowed.features,
        monthly(literally > rules.literal.share * len(windows.features)),
        monthly(calibrated),
        monthly(channels),
    )


def threshold(worst: np.ndarray, independent: float, alpha: float) -> tuple[float, bool]:
    """Evidence that a drift-free window exceeds at most so often, and whether that is extrapolated.

    The higher of two bounds. The next of n windows that may be exchanged for each other is above
    the k-th smallest with probability 1 - k/(n + 1) (Vovk et al. 2005, conformal prediction); where
    that asks for more windows than there are, it is extrapolated. The tail beyond the upper quarter
    is taken as exponential, which it is for p-values of independent rows, with the upper 95 %
    confidence bound of its mean: the fewer windows, the higher. Days that follow each other are
    alike, so that there is less to learn from n windows than the first bound takes for granted.

    Args:
        worst: largest evidence of each window, [windows].
        independent: windows that fit side by side.
        alpha: the probability.
    """
    alpha = min(alpha, 0.5)
    if alpha <= 0:
        return math.inf, True
    start = float(np.quantile(worst, 1 - TAIL))
    beyond = worst[worst > start] - start
    number = max(1.0, TAIL * independent)
    mean = max(1.0, float(beyond.mean()) if len(beyond) else 0.0)
    mean *= 2 * number / float(chdtri(2 * number, 0.95))
    bound = max(start + mean * math.log(max(TAIL / alpha, 1.0)), LEAST_EVIDENCE)
    level = (1 - alpha) * (independent + 1) / independent
    ordered = float(np.quantile(worst, min(level, 1.0), method="higher"))
    return max(bound, ordered), level > 1


@dataclass(frozen=True, slots=True)
class _Allowance:
    """What drift-free windows were seen to do.

    Attributes:
        bound: evidence that they exceed as often as the budget allows.
        extrapolated: whether that is further than they reach.
        rate, positive: variance between windows of rows and of the share decided 1.
        scores: of the predictions.
        features: by name.
    """

    bound: float
    extrapolated: bool
    rate: float
    positive: float
    scores: Spread
    features: Mapping[str, Spread]


@dataclass(frozen=True, eq=False)
class _Windows:
    """Windows of the reference, compared with the rest of it.

    Attributes:
        features: by name.
        scores: the predictions.
        rows, usual: of each, [windows], and of most.
        positive, others: share decided 1 in each and in the rest, [windows].
        decided: statistic of these shares.
        arrivals: statistic of the rows.
        judged: whether a window has rows enough for its predictions to be judged, [windows].
        independent: windows that fit side by side.
        alpha: share of windows that may alarm.
        rules: how windows are judged.
    """

    features: Mapping[str, Column]
    scores: Column
    rows: np.ndarray
    usual: float
    positive: np.ndarray
    others: np.ndarray
    decided: Square
    arrivals: Square
    judged: np.ndarray
    independent: float
    alpha: float
    rules: DriftRules

    @classmethod
    def of(
        cls, profile: Profile, stretches: Stretches, independent: float, length: timedelta,
        rules: DriftRules,
    ) -> _Windows:  # fmt: skip
        """Compare each window with the rest."""
        rows, rest = stretches.rows, stretches.rest([one.rows for one in stretches.counts])
        usual = float(np.median(rows))
        decided = [one.positive for one in stretches.counts]
        positive, others = stretches.of(decided), stretches.rest(decided)
        return cls(
            {one.name: column(one, one.name, stretches) for one in profile.features},
            column(profile.scores, "", stretches),
            rows, usual,
            positive / np.maximum(rows, 1), others / np.maximum(rest, 1),
            share_square(others, rest, positive, rows),
            rule.rate_square(rows, np.array(usual)),
            rows >= max(rules.calibrated.min_rows, 1),
            independent, rules.calibrated.false_alarms * (length / MONTH), rules,
        )  # fmt: skip

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.rows)

    def allowance(self, chosen: np.ndarray) -> _Allowance:
        """What some of the windows do.

        Args:
            chosen: which, [windows] of bool.
        """
        worst = np.max(np.nan_to_num(np.array(list(self._evidence(chosen)))), axis=0)
        share = float(np.mean(chosen))
        bound, extrapolated = threshold(worst, self.independent * share, self.alpha)
        return _Allowance(
            bound, extrapolated,
            self.arrivals.part(chosen).spread(), self.decided.part(chosen).spread(),
            self.scores.spread(chosen),
            {name: one.spread(chosen) for name, one in self.features.items()},
        )  # fmt: skip

    def alarms(self, allowed: _Allowance) -> tuple[np.ndarray, np.ndarray]:
        """Which windows alarm by the calibrated rule, and by the soft channels; [windows] each."""
        rules, bound = self.rules, allowed.bound
        calibrated = np.zeros(self.number, bool)
        channels = rule.calibrated(self.scores.found, allowed.scores, bound, rules.calibrated)
        for name, one in self.features.items():
            spread = allowed.features[name]
            calibrated |= rule.calibrated(one.found, spread, bound, rules.calibrated)
            channels |= rule.missing(one.found, spread, bound, rules.channels)
        channels |= self.judged & rule.factor(
            self.positive, self.others, self.decided, allowed.positive, bound,
            rules.channels.positive,
        )  # fmt: skip
        if rules.channels.rate:
            channels |= rule.factor(
                self.rows, np.array(self.usual), self.arrivals, allowed.rate, bound,
                rules.channels.rate,
            )  # fmt: skip
        return calibrated, channels

    def _evidence(self, chosen: np.ndarray) -> Iterator[np.ndarray]:
        """Evidence of each statistic that is judged, by the spread of other windows."""
        for one in (*self.features.values(), self.scores):
            judged = rule.enough(one.found, self.rules.calibrated)[chosen]
            yield np.where(judged, one.found.shape.part(chosen).crossed(), 0.0)
            yield np.where(judged, one.found.stability.part(chosen).crossed(), 0.0)
            if one is not self.scores:
                yield one.found.absence.part(chosen).crossed()
        yield np.where(self.judged[chosen], self.decided.part(chosen).crossed(), 0.0)
        if self.rules.channels.rate:
            yield self.arrivals.part(chosen).crossed()
