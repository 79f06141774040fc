"""Stretches of the reference as windows, and the bound that drift-free ones keep within."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
from scipy.special import chdtri

from phasegate.monitoring.counting import EPOCH
from phasegate.monitoring.counts import Counts, NumericCounts, WindowCounts
from phasegate.monitoring.drift import rules as rule
from phasegate.monitoring.drift.comparison import (
    Comparison,
    Values,
    compare,
    groups,
    share_square,
    window_values,
)
from phasegate.monitoring.drift.variation import Spread, Variation
from phasegate.monitoring.policy import DAY, DriftRules
from phasegate.monitoring.profile import Profile, Reference

MONTH = 30 * DAY
MOST_WINDOWS = 2_000
LEAST_EVIDENCE = -math.log(0.05)
TAIL = 0.25
MICROSECOND = timedelta(microseconds=1)


def variation(
    profile: Profile,
    panes: Mapping[datetime, WindowCounts],
    length: timedelta,
    rules: DriftRules,
    seed: int,
) -> Variation | None:
    """How much windows of a length differ; None where fewer than two fit into the reference.

    All stretches are looked at that begin at whole lengths since 1970; where there are more than
    `MOST_WINDOWS`, as many of them, drawn by the seed.
    """
    starts = sorted(panes)
    span = starts[-1] + rules.pane - starts[0] if starts else timedelta(0)
    if span < 2 * length or rules.pane > length:
        return None
    stretches = _Stretches(starts, [panes[one] for one in starts], span, length, seed)
    families: list[np.ndarray] = []
    spreads: dict[str, Spread] = {}
    columns: dict[str, Comparison] = {}
    for reference in (*profile.features, profile.scores):
        name = "" if reference is profile.scores else reference.name
        found, spread = _column(reference, name, stretches)
        columns[name], spreads[name] = found, spread
        judged = rule.enough(found, rules.calibrated)
        families += [
            np.where(judged, found.shape.crossed(), 0.0),
            np.where(judged, found.stability.crossed(), 0.0),
        ]
        if name:
            families.append(found.absence.crossed())
    rows, usual = stretches.rows, float(np.median(stretches.rows))
    rate = rule.rate_square(rows, np.array(usual))
    positive, of = stretches.of([one.positive for one in stretches.counts]), rows
    rest = stretches.total_rows - rows
    others = stretches.total_positive - positive
    decided = share_square(others, rest, positive, of)
    rate_spread, positive_spread = rate.spread(), decided.spread()
    scored = columns.pop("")
    score_spread = spreads.pop("")
    judged = rows >= max(rules.calibrated.min_rows, 1)
    families.append(np.where(judged, decided.crossed(), 0.0))
    if rules.channels.rate:
        families.append(rate.crossed())
    worst = np.max(np.nan_to_num(np.array(families)), axis=0)
    independent = span / length
    bound, beyond = threshold(worst, independent, rules.calibrated.false_alarms * (length / MONTH))
    literally = np.sum([rule.literal(one, rules.literal) for one in columns.values()], axis=0)
    of_calibrated = [
        rule.calibrated(one, spreads[name], bound, rules.calibrated)
        for name, one in columns.items()
    ]
    alarms = [
        rule.missing(one, spreads[name], bound, rules.channels) for name, one in columns.items()
    ]
    alarms.append(rule.calibrated(scored, score_spread, bound, rules.calibrated))
    alarms.append(
        judged
        & rule.factor(
            positive / np.maximum(of, 1), others / np.maximum(rest, 1),
            decided, positive_spread, bound, rules.channels.positive,
        )
    )  # fmt: skip
    if rules.channels.rate:
        alarms.append(
            rule.factor(rows, np.array(usual), rate, rate_spread, bound, rules.channels.rate)
        )

    def monthly(alerts: np.ndarray) -> float:
        return _round(float(np.mean(alerts)) * (MONTH / length))

    features = len(columns)
    return Variation(
        length,
        len(stretches.first),
        _round(independent),
        _round(bound),
        beyond,
        _round(usual),
        _round(rate_spread),
        _round(positive_spread),
        score_spread,
        spreads,
        monthly(literally > rules.literal.share * features),
        monthly(np.any(of_calibrated, axis=0) if features else np.zeros(1)),
        monthly(np.any(alarms, axis=0)),
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


class _Stretches:
    """Windows of the reference, by the panes that they begin and end at."""

    def __init__(
        self,
        starts: Sequence[datetime],
        counts: Sequence[WindowCounts],
        span: timedelta,
        length: timedelta,
        seed: int,
    ) -> None:
        self.counts = counts
        at = np.array([(one - starts[0]) // MICROSECOND for one in starts])
        # At whole lengths since 1970, as windows are cut: a stretch over the end of a weekend is
        # like neither part, and judged windows are never that.
        offset = (EPOCH - starts[0]) % length // MICROSECOND
        begin = np.arange(offset, (span - length) // MICROSECOND + 1, length // MICROSECOND)
        if len(begin) > MOST_WINDOWS:
            chosen = np.random.default_rng(seed).choice(len(begin), MOST_WINDOWS, replace=False)
            begin = begin[np.sort(chosen)]
        self.first = np.searchsorted(at, begin)
        self.last = np.searchsorted(at, begin + length // MICROSECOND)
        all_rows = [one.rows for one in counts]
        self.rows = self.of(all_rows)
        self.total_rows = float(sum(all_rows))
        self.total_positive = float(sum(one.positive for one in counts))

    def of(self, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """Sums of the windows, [windows, ...], of values of the panes, [panes, ...]."""
        values = np.asarray(values, float)
        sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
        return sums[self.last] - sums[self.first]


def _column(reference: Reference, name: str, stretches: _Stretches) -> tuple[Comparison, Spread]:
    """One column of the windows against the rest; predictions where it has no name."""
    of: list[Counts] = [one.features[name] if name else one.scores for one in stretches.counts]
    each = window_values(of)
    window = Values(*(stretches.of(one) for one in (each.bins, each.missing, each.invalid)),
                    stretches.of(each.unseen))  # fmt: skip
    total = Values(*(one.sum(axis=0, keepdims=True) for one in
                     (each.bins, each.missing, each.invalid, each.unseen)))  # fmt: skip
    rest = total - window
    is_numeric = reference.kind == "numeric"
    found = compare(rest, window, groups(reference), numeric=is_numeric)
    rows = np.maximum(window.rows, 1)
    new = np.zeros(len(rows))
    if not is_numeric:
        # What only this window has would have been unseen, had it not been part of the reference.
        new = np.where(rest.bins > 0, 0.0, window.bins).sum(axis=-1)
    occupied = (window.bins > 0).sum(axis=-1)
    low, high = _extremes(of, stretches)
    constant = (occupied == 1) & (low == high) if is_numeric else occupied == 1
    return found, Spread(
        _round(found.shape.spread()),
        _round(found.stability.spread()),
        _round(found.absence.spread()),
        _round(float(np.max(new / rows))),
        _round(float(np.max(window.invalid / rows))),
        _round(float(new.sum() / max(window.rows.sum(), 1))),
        _round(float(np.mean(constant))),
        _round(float(np.mean(window.values == 0))),
    )


def _extremes(counts: Sequence[Counts], stretches: _Stretches) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest number of each window; NaN and infinity where there is none."""
    if not isinstance(counts[0], NumericCounts):
        return np.empty(0), np.empty(0)
    low = np.array([one.low for one in counts])  # type: ignore[union-attr]
    high = np.array([one.high for one in counts])  # type: ignore[union-attr]
    spans = list(zip(stretches.first, stretches.last, strict=True))
    return (
        np.array([low[a:b].min(initial=math.inf) for a, b in spans]),
        np.array([high[a:b].max(initial=-math.inf) for a, b in spans]),
    )


def _round(value: float) -> float:
    """Six digits, so that the file is small."""
    return float(f"{value:.6g}")
