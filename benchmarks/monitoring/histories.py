"""Simulated histories of a model in service: what monitoring's reports say of them, week by week.

Counts are drawn: decided rows and hits of a week are binomial about a precision that varies by
itself as well. Reports are made of them as the components would (Wilson intervals, a label delay,
estimates before labels); alarms of drift and skew are drawn at stated rates, not computed of rows:
what is judged here is the decision, not the detectors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from phasegate.monitoring.drift.judgement import Alarm, Channel, DriftJudgement, RuleOutcome
from phasegate.monitoring.performance.series import (
    Confusion,
    Figure,
    Performance,
    PerformanceWindow,
)
from phasegate.monitoring.retraining.decision import Change, ChangeKind
from phasegate.monitoring.skew.report import FeatureSkew, SkewReport

START = datetime(2025, 1, 6, tzinfo=UTC)
WEEK = timedelta(days=7)
WEEKS = 36
FIRST_LOOK = 6
PROFILE = "f" * 64
MODELS = ("a" * 64, "b" * 64)
FALSE_ALERTS = 1 / 30  # of drift, a day
_NOISE = 0.008  # standard deviation of a week's precision, besides the binomial one


@dataclass(frozen=True, slots=True)
class History:
    """What truly happened, week by week.

    Attributes:
        kind: of history.
        onset: week in which something happens; WEEKS where nothing does.
        precision: of each week.
        decided: rows decided 1, of each week.
        hits: of those.
        unlabelled: share of matured rows without a label, of each week.
        model: index in `MODELS`, of each week.
        shown: how a data bug is seen before labels: inputs, skew or nowhere.
        delay: after the event, when labels are known.
        changes: that were announced.
        seed: of what is drawn at each look.
    """

    kind: str
    onset: int
    precision: np.ndarray
    decided: np.ndarray
    hits: np.ndarray
    unlabelled: np.ndarray
    model: np.ndarray
    shown: str
    delay: timedelta
    changes: tuple[Change, ...]
    seed: int

    def champion(self, week: int) -> str:
        """Digest of the model that answers at the end of a week."""
        return MODELS[self.model[week]]


def simulate(kind: str, seed: int) -> History:
    """A history of a kind."""
    rng = np.random.default_rng([len(kind), *kind.encode(), seed])
    weeks = np.arange(WEEKS)
    onset = int(rng.integers(14, 22))
    base = rng.uniform(0.90, 0.95)
    precision = np.full(WEEKS, base)
    unlabelled, model = np.full(WEEKS, rng.uniform(0, 0.03)), np.zeros(WEEKS, dtype=int)
    shown, at = "", START + WEEK * onset + timedelta(days=float(rng.uniform(0, 5)))
    changes = _harmless(rng)
    match kind:
        case "gradual decline":
            precision -= np.maximum(weeks - onset, 0) * rng.uniform(0.006, 0.015)
        case "data bug, announced" | "data bug, not announced":
            precision[weeks >= onset] -= rng.uniform(0.06, 0.25)
            announced = kind == "data bug, announced"
            shown = ("inputs", "skew", "")[seed % (3 if announced else 2)]
            if announced:
                what = f"feature pipeline v{seed}"
                changes.append(Change(ChangeKind.PIPELINE, at, what, "data team"))
        case "bad release":
            precision[weeks >= onset] -= rng.uniform(0.05, 0.2)
            model[weeks >= onset] = 1
            at = START + WEEK * onset
            changes.append(_release(at, 1))
        case "labels missing":
            unlabelled[weeks >= onset] = rng.choice([rng.uniform(0.2, 0.6), 1.0])
        case "season of weeks" | "season of a year":
            period = rng.uniform(3, 10) if kind == "season of weeks" else 52.0
            swing = rng.uniform(0.02, 0.045)
            precision = base + swing * np.sin(2 * np.pi * weeks / period + rng.uniform(0, 6.28))
    if kind.startswith("season") or kind == "no change":
        onset = WEEKS
    noisy = np.clip(precision + rng.normal(0, _NOISE, WEEKS), 0.02, 0.99)
    decided = rng.poisson(rng.uniform(100, 600), WEEKS) + 30
    hits = rng.binomial(decided, noisy)
    delay = timedelta(days=int(rng.choice([7, 14, 21])))
    return History(
        kind, onset, precision, decided, hits, unlabelled, model, shown, delay,
        tuple(changes), seed,
    )  # fmt: skip


def performance(history: History, week: int) -> Performance:
    """What is known of performance at the end of a week."""
    now = START + WEEK * (week + 1)
    windows = [_window(history, one, now) for one in range(week + 1)]
    return Performance("precision", 0.8, now, tuple(windows), (), 0.95)


def drift(history: History, week: int) -> list[DriftJudgement]:
    """The week's daily judgements."""
    rng = np.random.default_rng([history.seed, week, 1])
    found = []
    for day in range(7):
        since = START + WEEK * week + timedelta(days=day)
        rate = FALSE_ALERTS
        if history.kind == "gradual decline" and week >= history.onset:
            rate = min(1.0, FALSE_ALERTS + 0.08 * (week - history.onset))
        if history.kind.startswith("season"):
            rate = 0.1
        alarms = []
        if rng.random() < rate:
            alarms.append(Alarm(Channel.DISTRIBUTION, "amount", "0.3", "0.1", "amount drifts"))
        if history.shown == "inputs" and since + timedelta(days=1) > began(history):
            said = "device is missing in 40 % of rows"
            alarms.append(Alarm(Channel.MISSING, "device", "40 %", "5 %", said))
        found.append(_judgement(history.champion(week), since, tuple(alarms)))
    return found


def skew(history: History, week: int) -> SkewReport:
    """The week's comparison of served features with recomputed ones."""
    since, until = START + WEEK * week, START + WEEK * (week + 1)
    start = max(began(history), since)
    seen = history.shown == "skew" and start < until
    feature = FeatureSkew(
        "spent_1h", 10_000, 4_000 if seen else 0, start if seen else None, until if seen else None,
        (), None, math.nan, seen,
    )  # fmt: skip
    return SkewReport(history.champion(week), since, until, 10_000, 0, (feature,), (), seen)


def began(history: History) -> datetime:
    """When the bug began: with its change, where one was announced."""
    last = max(history.changes, key=lambda change: change.at)
    announced = last.actor == "data team"
    return last.at if announced else START + WEEK * history.onset + timedelta(days=2)


def _harmless(rng: np.random.Generator) -> list[Change]:
    """A release before the history, and changes in its first part that hurt nothing."""
    found = [_release(START, 0)]
    for number in range(int(rng.integers(1, 4))):
        at = START + WEEK * float(rng.uniform(1, 13))
        kind = ChangeKind.SCHEMA if number % 2 else ChangeKind.PIPELINE
        found.append(Change(kind, at, f"harmless {number}", "somebody"))
    return found


def _release(at: datetime, model: int) -> Change:
    return Change(
        ChangeKind.RELEASE, at, f"fraud/{model + 1}", "pipeline", f"release-{model}",
        model_digest=MODELS[model],
    )  # fmt: skip


def _window(history: History, week: int, now: datetime) -> PerformanceWindow:
    since, until = START + WEEK * week, START + WEEK * (week + 1)
    rows = int(history.decided[week]) * 10
    rng = np.random.default_rng([history.seed, week, 2])
    # Calibrated scores see half of what changed since, and err by themselves.
    change = history.precision[week] - history.precision[0]
    value = float(np.clip(history.precision[0] + change / 2 + rng.normal(0, 0.01), 0.01, 0.99))
    decided = int(history.decided[week])
    estimate = Figure(value, value - 0.03, value + 0.03, value * decided, decided)
    common = (since, until, MODELS[history.model[week]], rows)
    if until + history.delay > now:
        return PerformanceWindow(*common, Confusion(), rows, 0, 0, None, estimate)
    missing = int(rows * history.unlabelled[week])
    kept = round(decided * (1 - history.unlabelled[week]))
    hits = min(kept, round(int(history.hits[week]) * (1 - history.unlabelled[week])))
    confusion = Confusion(hits, kept - hits, 0, rows - missing - kept)
    measured = _figure(hits, kept) if kept >= 30 else None
    return PerformanceWindow(*common, confusion, 0, missing, 0, measured, estimate)


def _figure(hits: int, of: int) -> Figure:
    z, p = 1.96, hits / of
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return Figure(p, middle - half, middle + half, float(hits), of)


def _judgement(model: str, since: datetime, alarms: tuple[Alarm, ...]) -> DriftJudgement:
    alert = bool(alarms)
    rule = RuleOutcome(alert, len(alarms), 30, 1.0, f"{len(alarms)} of 30 features drift")
    return DriftJudgement(
        model, PROFILE, since, since + timedelta(days=1), 5_000, True, (), None, rule, rule,
        alarms, alert,
    )  # fmt: skip
