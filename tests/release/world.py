"""Everything that a release depends on, in memory, where every call may be the last before a crash.

The rules that it holds drivers to are checked at each call: no weight that no record asked for, no
alias without a promotion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from phasegate.errors import Unavailable
from phasegate.release.drivers.world import World
from phasegate.release.entry import Entry
from phasegate.release.evidence import Evidence
from phasegate.release.record import ModelVersion, ReleaseRecord, Status, desired
from phasegate.traffic.plan import Backend, TrafficPlan, effective
from phasegate.traffic.state import BackendState, MirrorState, TrafficState
from tests.release import samples

MODEL = "card-fraud"


class Crash(BaseException):
    """The process dies here; nobody catches it."""


@dataclass
class Version:
    """A registered version, as far as drivers look at it."""

    name: str
    version: int
    model_digest: str
    tags: dict[str, str] = field(
        default_factory=lambda: dict.fromkeys(
            ("data_verdict", "evaluation_verdict", "serving_verdict"), "d" * 64
        )
    )

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"


@dataclass
class Memory:
    """What outlives a crash."""

    head: Entry | None = None
    log: dict[int, Entry] = field(default_factory=dict)
    kept: dict[str, Evidence] = field(default_factory=dict)
    plan: TrafficPlan = None  # type: ignore[assignment]
    killed: bool = False
    aliases: dict[str, int] = field(default_factory=lambda: {"champion": 1, "challenger": 2})
    switch: bool | None = False
    store_answers: bool = True
    proxy_answers: bool = True
    see: Callable[[ReleaseRecord, datetime], Evidence] = samples.evidence
    served: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.plan = TrafficPlan(backend(samples.CHAMPION))


def backend(version: ModelVersion) -> Backend:
    """The server of a version."""
    return Backend(version.slot, f"127.0.0.1:{8000 + ord(version.slot[0])}", MODEL)


class InMemory:
    """Ports of a `World` over `Memory`; calls can end in a crash, or let somebody else in between.

    Attributes:
        memory: state.
        crash_at: number of the call at which the process dies: before its effect if even, after
            it if odd; None for never.
        intrude_at: number of the call before which ``intruder`` runs.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.calls = 0
        self.crash_at: int | None = None
        self.intrude_at: int | None = None
        self.intruder: Callable[[], None] = lambda: None
        self.problem = ""

    def world(self, actor: str, **changes: Any) -> World:
        """A driver's world."""
        values = {
            "model": MODEL, "releases": self, "target": self, "backend": backend,
            "registry": self, "evidence": self.evidence, "kill_switch": self, "actor": actor,
        }  # fmt: skip
        return World(**(values | changes))

    def _call(self, effect: Callable[[], Any], *, store: bool = False, proxy: bool = False) -> Any:
        self.calls += 1
        number = self.calls
        if number == self.intrude_at:
            self.intrude_at = None
            self.intruder()
        if self.crash_at is not None and number == self.crash_at // 2 and self.crash_at % 2 == 0:
            raise Crash
        if (store and not self.memory.store_answers) or (proxy and not self.memory.proxy_answers):
            raise Unavailable("does not answer", where="store" if store else "proxy")
        result = effect()
        if self.crash_at is not None and number == self.crash_at // 2:
            raise Crash
        return result

    # Store

    def head(self, model: str) -> Entry | None:
        assert model == MODEL
        return self._call(lambda: self.memory.head, store=True)

    def swap(self, model: str, expected: Entry | None, new: Entry) -> bool:
        def effect() -> bool:
            if self.memory.head != expected:
                return False
            assert new.sequence == (expected.sequence if expected else 0) + 1
            assert not new.evidence or new.evidence in self.memory.kept
            self.memory.head = new
            self.memory.served.append(new)
            return True

        assert model == MODEL
        return self._call(effect, store=True)

    def append(self, entry: Entry) -> None:
        def effect() -> None:
            assert entry in self.memory.served
            assert self.memory.log.setdefault(entry.sequence, entry) == entry

        self._call(effect, store=True)

    def entries(self, model: str) -> list[Entry]:
        assert model == MODEL
        return self._call(
            lambda: [self.memory.log[number] for number in sorted(self.memory.log)], store=True
        )

    def save_evidence(self, model: str, evidence: Evidence) -> str:
        assert model == MODEL
        self._call(lambda: self.memory.kept.__setitem__(evidence.digest, evidence), store=True)
        return evidence.digest

    # Traffic

    def change(self, change: Callable[[TrafficPlan], TrafficPlan]) -> TrafficPlan:
        def effect() -> TrafficPlan:
            plan = change(self.memory.plan)
            if plan != self.memory.plan:
                self._check_recorded(plan)
                self.memory.plan = replace(plan, killed=False)
            return plan

        return self._call(effect, proxy=True)

    def _check_recorded(self, plan: TrafficPlan) -> None:
        """Never an unrecorded weight: what is applied is what the newest record asks for."""
        head = self.memory.head
        assert head is not None
        wanted = desired(head.record)
        assert plan.champion == backend(wanted.champion)
        assert (plan.weight, plan.mirror) == (wanted.weight, wanted.mirror)
        assert plan.challenger == (backend(wanted.challenger) if wanted.challenger else None)

    def observe(self) -> TrafficState:
        return self._call(self._state, proxy=True)

    def _state(self) -> TrafficState:
        plan = effective(replace(self.memory.plan, killed=self.memory.killed))
        champion = BackendState("champion", plan.champion, 10_000, True, 0, 0, 0, 0)
        challenger = mirror = None
        if plan.challenger is not None:
            challenger = BackendState("challenger", plan.challenger, plan.weight, True, 0, 0, 0, 0)
            mirror = MirrorState(plan.mirror, 0, 0, {}, 0)
        return TrafficState("v", self.memory.killed, champion, challenger, mirror, 0)

    def kill(self) -> None:
        self._call(lambda: setattr(self.memory, "killed", True), proxy=True)

    # Registry

    def resolve(self, reference: str) -> Version:
        def effect() -> Version:
            name, _, alias = reference.replace("/", "@").partition("@")
            number = int(alias) if alias.isdigit() else self.memory.aliases[alias]
            digest = {1: samples.CHAMPION, 2: samples.CHALLENGER}[number].digest
            return Version(name, number, digest)

        return self._call(effect)

    def aliases(self, name: str) -> dict[str, int]:
        assert name == MODEL
        return self._call(lambda: dict(self.memory.aliases))

    def point(self, name: str, alias: str, version: int) -> None:
        def effect() -> None:
            assert alias == "champion"
            head = self.memory.head
            assert head is not None
            if version == 2:
                assert head.record.status is Status.PROMOTED
            self.memory.aliases[alias] = version

        assert name == MODEL
        self._call(effect)

    def remove(self, name: str, alias: str) -> None:
        assert (name, alias) == (MODEL, "challenger")
        self._call(lambda: self.memory.aliases.pop(alias, None))

    # Evidence and switch

    def evidence(self, record: ReleaseRecord, now: datetime, *, read_log: bool) -> Evidence:
        found = self._call(lambda: self.memory.see(record, now))
        found = replace(found, kill=self.memory.switch)
        if not self.memory.proxy_answers:
            return replace(found, traffic=None, problems=(*found.problems, "no proxy"))
        state = self._state()
        seen = replace(
            found.traffic,
            champion=state.champion.backend.name,
            challenger=state.challenger.backend.name if state.challenger else "",
            weight=state.challenger.share if state.challenger else 0,
            mirror=state.mirror.share if state.mirror else 0,
            killed=state.killed,
        )
        found = replace(found, traffic=seen)
        if read_log:
            return found
        return replace(found, pairs=None, cohorts=None, log_read=False)

    def is_on(self, model: str) -> bool | None:
        assert model == MODEL
        return self._call(lambda: self.memory.switch)
