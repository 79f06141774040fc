"""The guard: looks every few seconds at what can be seen at once, and only ever rolls back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from phasegate.errors import BadInput
from phasegate.release.decide import decide
from phasegate.release.decision import Action, Decision
from phasegate.release.drivers.looking import enact, seen
from phasegate.release.drivers.recording import newest
from phasegate.release.drivers.settling import follow, follows, settle
from phasegate.release.drivers.world import World
from phasegate.release.entry import Entry
from phasegate.release.evidence import Evidence
from phasegate.release.record import ReleaseRecord, Status

Say = Callable[[str], None]

_ATTEMPTS = 5  # to record a rollback while others record what they saw


def watch(
    world: World,
    every_seconds: float,
    stop: threading.Event,
    *,
    clock: Callable[[], datetime],
    say: Say,
    looked: Callable[[], None] = lambda: None,
) -> None:
    """Guard a model's releases until told to stop; no error of one look ends it.

    Args:
        every_seconds: between two looks.
        stop: ends it.
        clock: event time.
        say: told one line for each change.
        looked: called after each look, however it ended.
    """
    guard = Guard(world, say)
    while not stop.is_set():
        try:
            guard.look(clock())
        except BadInput as error:
            guard.tell("look", f"this look failed: {error}")
        except Exception as error:  # whatever it is, the next look may succeed
            guard.tell("look", f"this look failed: {type(error).__name__}: {error}")
        else:
            guard.tell("look", "")
        looked()
        stop.wait(every_seconds)


class Guard:
    """What the guard remembers from look to look: what it last knew, and what it has said.

    Args:
        world: with an evidence source that answers within a second where no log is read.
        say: told one line for each change.
    """

    def __init__(self, world: World, say: Say) -> None:
        self._world, self._say = world, say
        self._said: dict[str, str] = {}
        self._known: Entry | None = None
        self._pending: tuple[str, Decision, Evidence] | None = None

    def look(self, now: datetime) -> None:
        """Look once: kill switch first, which needs no store, then record, proxy and decision.

        Args:
            now: event time.

        Raises:
            BadInput: something did not answer, or is not what it should be.
        """
        world = self._world
        killed = world.kill_switch.is_on(world.model)
        self.tell(
            "kill switch", f"kill switch: {world.kill_switch.problem}" if killed is None else ""
        )
        entry, reachable = self._entry()
        if entry is None:
            if killed and not reachable:
                self._kill("the kill switch is on, and the store does not answer")
            return
        record = entry.record
        self.tell("state", f"{record.release}: {_state(record)}")
        if record.is_over:
            if reachable and not record.settled:
                self._settle(entry, now)
            return
        if killed:
            self._kill("the kill switch is on")
        evidence = seen(world, record, now, read_log=False)
        self.tell("evidence", "; ".join(evidence.problems))
        decision = decide(record.policy, record, evidence, now)
        if decision.action is Action.ROLL_BACK:
            self._roll_back(entry, *self._rollback_of(record, decision, evidence), now, reachable)
            return
        self._pending = None
        if reachable and evidence.traffic is not None:
            self._restore(record)

    def tell(self, topic: str, text: str) -> None:
        """Say a line about something, unless it was the last that was said about it."""
        if self._said.get(topic, "") != text:
            self._said[topic] = text
            self._say(text or f"{topic}: as it should be again")

    def _entry(self) -> tuple[Entry | None, bool]:
        """The newest entry that is known, and whether the store answered."""
        try:
            entry = newest(self._world)
            known = self._known
            if known is not None and (entry is None or entry.sequence < known.sequence):
                raise BadInput(f"entry {known.sequence} is gone", where="store of the releases")
        except (BadInput, OSError) as error:
            self.tell("store", f"guarding by what was last known: {error}")
            return self._known, False
        self.tell("store", "")
        self._known = entry
        return entry, True

    def _rollback_of(
        self, record: ReleaseRecord, decision: Decision, evidence: Evidence
    ) -> tuple[Decision, Evidence]:
        """What to record: the first reason to roll back, not that the proxy was killed for it."""
        if self._pending is None or self._pending[0] != record.release:
            self._pending = (record.release, decision, evidence)
        return self._pending[1:]

    def _roll_back(
        self, entry: Entry, decision: Decision, evidence: Evidence, now: datetime, reachable: bool
    ) -> None:
        why = decision.reasons[0]
        if not reachable:
            self._kill(f"to be rolled back, once that can be recorded: {why}")
            return
        try:
            look = enact(self._world, entry, decision, evidence, now)
            for _ in range(_ATTEMPTS):
                if not look.winner or look.entry is None or look.entry.record.is_over:
                    break
                look = enact(self._world, look.entry, decision, evidence, now)
        except (BadInput, OSError) as error:
            self.tell("store", f"{why}; champion only, and not recorded yet: {error}")
            return
        self._known = look.entry
        if look.entry is not None:
            self.tell("state", f"{look.entry.record.release}: {_state(look.entry.record)}")
        self.tell("settling", "; ".join(look.problems))

    def _settle(self, entry: Entry, now: datetime) -> None:
        settled = settle(self._world, entry, now)
        self._known = settled.entry
        self.tell("settling", "; ".join(settled.problems))

    def _restore(self, record: ReleaseRecord) -> None:
        """Put traffic back to what the record says, if somebody made it differ meanwhile.

        A target may be told to leave what a person changed; that is said, and not put back.
        """
        if record.phase_applied is None:
            return  # a step is about to, or the next one will
        state = self._world.target.observe()
        if follows(record, state):
            self.tell("traffic", "")
            return
        challenger = state.challenger
        found = state.drift or (
            f"{challenger.share / 100:g} % to {challenger.backend.name}"
            if challenger
            else "champion only"
        )
        try:
            plan = follow(self._world)
        except BadInput as error:
            self.tell("traffic", f"traffic is not as recorded: {error}")
            return
        self._said.pop("traffic", None)
        self._say(
            f"traffic was not as recorded ({found}); now {plan.weight / 100:g} %, as recorded"
        )

    def _kill(self, why: str) -> None:
        try:
            self._world.target.kill()
        except BadInput as error:
            why = f"{why}; {error}"
        self.tell("kill", f"champion only: {why}")


def _state(record: ReleaseRecord) -> str:
    if record.status is Status.RUNNING:
        return f"{record.current.name}, {record.current.weight / 100:g} %"
    return f"{record.status} in {record.current.name}: {record.reason}"
