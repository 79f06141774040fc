"""Audit chains as a release leaves them, written by hand: no judge, no driver."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from phasegate.contracts.verdict import Outcome
from phasegate.release.decision import Action, Decision, Finding
from phasegate.release.entry import FIRST, Entry
from phasegate.release.policy import BusinessMetric, Gate, Minimum, Phase, Policy
from phasegate.release.record import ModelVersion, ReleaseRecord, Status

START = datetime(2025, 3, 1, 6, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)

VALUE = Gate("value", 0.02, "champion", relative=True)
ERRORS = Gate("errors", 0.01, "champion")
SLOW = Gate("slow", 0.05, "champion", over_ms=250.0)
POLICY = Policy(
    (
        Phase(
            "shadow", 0, 10_000, Minimum(7 * DAY, 100_000, 20_000), 14 * DAY,
            gates=(Gate("coverage", 0.99), Gate("disagreement", 0.02), Gate("psi", 0.2), VALUE),
            guardrails=(ERRORS, SLOW),
        ),
        Phase(
            "canary", 1_000, 10_000, Minimum(7 * DAY, 50_000, 10_000), 21 * DAY, "freeze",
            gates=(replace(VALUE, on="cohorts", weight=4.0),
                   Gate("decisions", 0.01, "champion", on="cohorts")),
            guardrails=(replace(ERRORS, on="cohorts"), replace(SLOW, on="cohorts")),
        ),
        Phase(
            "ramp", 5_000, 0, Minimum(3 * DAY, 100_000, 20_000), 14 * DAY,
            gates=(replace(VALUE, on="cohorts"),), guardrails=(replace(ERRORS, on="cohorts"),),
        ),
        Phase(
            "bake", 10_000, 0, Minimum(2 * DAY, 100_000, 0), 7 * DAY,
            gates=(Gate("errors", 0.02, on="cohorts"),),
        ),
    ),
    slices=("country",),
    metric=BusinessMetric("net value", "CASE WHEN decision AND label THEN 40 ELSE 0 END", "EUR"),
)  # fmt: skip

# name, guardrail, limit, where the estimate ends, width of the bounds after one day, as percent
_LOOKED_AT = {
    "shadow": [
        ("coverage", False, 0.99, 0.9968, 0.004, True),
        ("disagreement, on pairs", False, 0.02, 0.0061, 0.012, True),
        ("score shift (PSI), on pairs", False, 0.2, 0.031, 0.0, False),
        ("value against champion, on pairs", False, -0.14, 0.21, 0.62, False),
        ("errors against champion", True, 0.01, 0.0002, 0.003, True),
        ("answers over 250 ms against champion", True, 0.05, 0.004, 0.01, True),
    ],
    "canary": [
        ("value against champion, on cohorts", False, -0.14, 0.27, 0.9, False),
        ("decisions against champion, on cohorts", False, 0.01, 0.0011, 0.011, True),
        ("errors against champion, on cohorts", True, 0.01, 0.0001, 0.004, True),
        ("answers over 250 ms against champion, on cohorts", True, 0.05, 0.006, 0.014, True),
    ],
    "ramp": [
        ("value against champion, on cohorts", False, -0.14, 0.24, 0.5, False),
        ("errors against champion, on cohorts", True, 0.01, 0.0001, 0.002, True),
    ],
    "bake": [("errors, on cohorts", False, 0.02, 0.0004, 0.002, True)],
}


class Chain:
    """A release that is written down entry by entry, `now` being the time of the next."""

    def __init__(self, policy: Policy = POLICY, *, before: Entry | None = None) -> None:
        self.now = START
        self.entries: list[Entry] = []
        self._before = before
        sequence = before.sequence + 1 if before else 1
        self.record = ReleaseRecord(
            sequence=sequence,
            model="card-fraud",
            release=f"card-fraud-{sequence:06d}-b1946ac92492",
            champion=ModelVersion("card-fraud/6", "a3f5" * 16),
            challenger=ModelVersion("card-fraud/7", "b1946ac92492" + "0" * 52),
            policy=policy,
            status=Status.RUNNING,
            phase=0,
            started=START,
            phase_started=START,
            phase_applied=None,
            seen=START,
            settled=False,
            reason="registered after training run 20250301",
        )

    @property
    def last(self) -> Entry:
        """The newest entry."""
        return self.entries[-1]

    def write(
        self,
        action: str,
        reason: str,
        *,
        actor: str = "release pipeline",
        decision: Decision | None = None,
        **changes: object,
    ) -> Chain:
        """One more entry, after which the record has these changes."""
        last = self.entries[-1] if self.entries else self._before
        sequence = last.sequence + 1 if last else 1
        self.record = replace(self.record, sequence=sequence, **changes)
        entry = Entry(
            sequence=sequence,
            previous=last.hash if last else FIRST,
            at=self.now,
            actor=actor,
            action=action,
            reason=reason,
            evidence=f"{sequence:064x}" if decision else "",
            decision=decision,
            record=self.record,
        )
        self.entries.append(entry.sealed())
        return self

    def start(self) -> Chain:
        """The release begins, and traffic follows."""
        return self.write("start", self.record.reason, actor="anna").apply()

    def apply(self) -> Chain:
        """Traffic is seen to follow."""
        self.now += timedelta(minutes=2)
        follows = f"traffic follows phase {self.record.current.name}"
        return self.write("apply", follows, phase_applied=self.now, seen=self.now)

    def looks(self, days: float, every: timedelta = 6 * HOUR, **harm: float) -> Chain:
        """Looks for so many days; `harm` is added to the estimates of that name by and by."""
        end = self.now + timedelta(days=days)
        while self.now + every < end:
            self.now += every
            self.write("look", "3.1 of 7 days seen", decision=self.decision(**harm), seen=self.now)
        self.now = end
        return self

    def decision(self, action: Action = Action.HOLD, reason: str = "", **harm: float) -> Decision:
        """What is decided now."""
        age = max((self.now - (self.record.phase_applied or self.now)) / DAY, 0.05)
        reasons = (reason or f"{age:.2g} of 7 days seen",)
        found = tuple(
            _finding(age, harm.get(looked[0].split(",")[0].split(" ")[0], 0.0), *looked)
            for looked in _LOOKED_AT[self.record.current.name]
        )
        return Decision(action, reasons, found)

    def advance(self) -> Chain:
        """On to the next phase, and traffic follows."""
        ahead = self.record.policy.phases[self.record.phase + 1].name
        reason = f"all gates of phase {self.record.current.name} passed: phase {ahead}"
        decision = self.decision(Action.ADVANCE, reason)
        self._change("advance", reason, decision, phase=self.record.phase + 1,
                     phase_started=self.now, phase_applied=None)  # fmt: skip
        return self.apply()

    def end(self, action: Action, status: Status, reason: str, **harm: float) -> Chain:
        """A decision that ends it or stops it."""
        decision = self.decision(action, reason, **harm)
        return self._change(str(action), reason, decision, status=status)

    def by_hand(self, action: str, reason: str, **changes: object) -> Chain:
        """Something that a person does."""
        return self._change(action, reason, None, "bob", **changes)

    def settle(self) -> Chain:
        """Traffic and registry are seen to follow."""
        self.now += timedelta(minutes=1)
        return self.write("settle", "traffic and registry follow", settled=True)

    def _change(
        self,
        action: str,
        reason: str,
        decision: Decision | None,
        actor: str = "release pipeline",
        **changes: object,
    ) -> Chain:
        self.record = replace(self.record, reason=reason)
        return self.write(action, reason, actor=actor, decision=decision, **changes)


def promoted() -> Chain:
    """Shadow, canary, ramp, bake; frozen by hand for a while in between."""
    chain = Chain().start().looks(7.5).advance().looks(5)
    chain.by_hand("freeze", "the country team changes its rules today", status=Status.FROZEN)
    chain.looks(1).by_hand("resume", "the rules are in place", status=Status.RUNNING,
                           phase_started=chain.now, phase_applied=None)  # fmt: skip
    chain.apply().looks(9).advance().looks(3.5).advance().looks(2.2)
    done = "all 1 gates of phase bake passed: promotion"
    return chain.end(Action.FINISH, Status.PROMOTED, done).settle()


def rolled_back() -> Chain:
    """A challenger that fails more and more of its requests in canary."""
    chain = Chain().start().looks(7.5).advance().looks(2, HOUR, errors=0.012)
    reason = "errors against champion, on cohorts: 2.2 % more, at least 1.4 %; at most 1 % may be"
    return chain.end(Action.ROLL_BACK, Status.ROLLED_BACK, reason, errors=0.012).settle()


def running() -> Chain:
    """In shadow for 2.6 days."""
    return Chain().start().looks(2.6)


def _finding(
    age: float, harm: float, name: str, guardrail: bool, limit: float, end: float, width: float,
    percent: bool,
) -> Finding:  # fmt: skip
    wave = math.sin(9 * age + len(name)) / (1 + 3 * age)
    estimate = end + 0.25 * width * wave + harm * min(age, 2.0)
    half = width / math.sqrt(age) if width else 0.0
    lower = estimate - half if width else math.nan
    upper = estimate + half if width else math.nan
    if percent:
        lower, upper = max(lower, 0.0), min(upper, 1.0)
    least = name.startswith(("value", "coverage"))
    clear = (lower if width else estimate) > limit if least else (
        (upper if width else estimate) < limit
    )  # fmt: skip
    bad = upper < limit if least else lower > limit
    outcome = Outcome.PASS if clear else Outcome.BLOCK if bad else Outcome.INCONCLUSIVE
    unit = (lambda v: f"{100 * v:.2f} %") if percent else (lambda v: f"{v:.3g}")
    said = f"{unit(estimate)} ({unit(lower)} to {unit(upper)})" if width else unit(estimate)
    return Finding(
        name, outcome, guardrail, said, f"{'≥' if least else '≤'} {unit(limit)}",
        f"{name}: {said}", estimate, lower, upper, limit, int(18_000 * age),
    )  # fmt: skip
