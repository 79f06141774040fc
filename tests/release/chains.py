"""Audit logs as the transitions make them, in any order that they allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from phasegate.contracts.verdict import Outcome
from phasegate.release import transitions
from phasegate.release.decision import Action, Decision, Finding
from phasegate.release.entry import FIRST, Entry
from phasegate.release.record import ModelVersion, Status
from tests.release import samples

MODEL = "card-fraud"
WHY = "somebody has a good reason"
PASSED = Finding("errors", Outcome.PASS, False, "0 %", "1 %", "fine", 0.0, 0.0, 0.1, 1.0, 5_000)
HOLD = Decision(Action.HOLD, ("4 of 7 days seen",))

Move = Callable[[Entry, datetime], Entry]


def start(before: Entry | None, now: datetime) -> Entry:
    """A release, the first or another one."""
    number = before.sequence if before else 0
    challenger = ModelVersion(f"{MODEL}/{number + 2}", f"{number + 2:064x}")
    return transitions.started(
        before, model=MODEL, champion=samples.CHAMPION, challenger=challenger,
        policy=samples.policy(), now=now, actor="test", reason=WHY,
    )  # fmt: skip


def look(before: Entry, now: datetime) -> Entry:
    """Nothing came of it."""
    return transitions.decided(before, HOLD, samples.evidence(before.record, now), now, "guard")


def decide(action: Action) -> Move:
    """A move that rests on a decision and on evidence of the time."""

    def move(before: Entry, now: datetime) -> Entry:
        decision = Decision(action, (f"it is time to {action}",), (PASSED,))
        evidence = samples.evidence(before.record, now)
        return transitions.decided(before, decision, evidence, now, "guard")

    return move


def apply(before: Entry, now: datetime) -> Entry:
    """Traffic follows."""
    return transitions.applied(before, now, "driver")


def by_hand(change: Callable[[Entry, datetime, str, str], Entry]) -> Move:
    """A move of a person."""
    return lambda before, now: change(before, now, "ada", WHY)


def moves(before: Entry) -> list[Move]:
    """What may come next."""
    record = before.record
    allowed: list[Move] = [apply]
    if record.is_over:
        if record.settled:
            allowed.append(start)
        if record.status is Status.PROMOTED:
            allowed.append(by_hand(transitions.rolled_back))
        return allowed
    allowed += [look, decide(Action.ROLL_BACK), by_hand(transitions.rolled_back)]
    if record.status is Status.FROZEN:
        return [*allowed, by_hand(transitions.resumed)]
    allowed += [
        decide(Action.FREEZE),
        by_hand(transitions.frozen),
        decide(Action.END_INCONCLUSIVE),
    ]
    if record.phase_applied is not None:
        last = record.phase + 1 == len(record.policy.phases)
        # Listed often, so that many a release comes to its end.
        allowed += [decide(Action.FINISH if last else Action.ADVANCE)] * 6
    return allowed


@st.composite
def chains(draw: st.DrawFn, least: int = 1, most: int = 16) -> list[Entry]:
    """Logs of so many entries, by a clock that may go backwards."""
    now = samples.START
    chain = [start(None, now)]
    for _ in range(draw(st.integers(least, most)) - 1):
        now += draw(st.sampled_from([timedelta(hours=1), timedelta(days=5), timedelta(hours=-3)]))
        options = moves(chain[-1])
        chain.append(options[draw(st.integers(0, len(options) - 1))](chain[-1], now))
    return chain


def promoted() -> list[Entry]:
    """A good release, to its end."""
    chain = [start(None, samples.START)]
    while not chain[-1].record.settled:
        now = samples.START + len(chain) * samples.DAY
        options = moves(chain[-1])
        waits = chain[-1].record.is_over or chain[-1].record.phase_applied is None
        chain.append((apply if waits else options[-1])(chain[-1], now))
    return chain


def forged(before: Entry | None, like: Entry, record: dict[str, object], **entry: object) -> Entry:
    """An entry after another one, changed, and sealed as well as any."""
    sequence = before.sequence + 1 if before else 1
    changed = replace(
        like,
        sequence=sequence,
        previous=before.hash if before else FIRST,
        record=replace(like.record, **{"sequence": sequence, **record}),
    )
    return replace(changed, **entry).sealed()
