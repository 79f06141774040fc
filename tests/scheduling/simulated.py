"""A backend of recurring runs in memory: never changed, and deleted together with their runs."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from phasegate.kubeflow.objects import Recurring
from phasegate.scheduling.convergence import (
    Create,
    Delete,
    Disable,
    Enable,
    Observe,
    Outcome,
    Step,
    converge,
)
from phasegate.scheduling.declaration import Wanted
from phasegate.scheduling.plan import Catalog, Observed
from tests.scheduling.declaring import CATALOG


@dataclass
class Server:
    """What is there.

    Attributes:
        recurring: by identifier.
        runs: in flight, by identifier of the recurring run.
        killed: how many runs deletions have killed.
        tick: of its clock, on which several may be made in one second.
    """

    catalog: Catalog = CATALOG
    recurring: dict[str, Recurring] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    killed: int = 0
    tick: int = 0

    def carry_out(self, step: Step) -> Any:
        """Do what is asked, and answer."""
        match step:
            case Observe():
                return tuple(
                    Observed(one, self.runs.get(one.id, 0)) for one in self.recurring.values()
                )
            case Create(wanted, enabled):
                self.create(wanted, enabled)
            case Enable(recurring):
                self.switch(recurring.id, on=True)
            case Disable(recurring):
                self.switch(recurring.id, on=False)
            case Delete(recurring):
                found = self.recurring.get(recurring.id)
                if found and (found.enabled or self.runs.get(found.id)):
                    return False
                self.delete(recurring.id)
                return True
        return None

    def create(self, wanted: Wanted, enabled: bool = True) -> Recurring:
        one = wanted.schedule
        pipeline_id = self.catalog.pipelines[one.pipeline]
        pinned = self.catalog.versions[pipeline_id, one.version]
        self.tick += 1
        made = Recurring(
            id=f"{self.tick * 7919 % 1000:03}-{self.tick}",
            name=wanted.title,
            experiment_id=self.catalog.experiments[one.experiment],
            pipeline_id=pipeline_id,
            version_id=None if one.version == "latest" else pinned,
            cron=wanted.cron.text,
            catchup=one.catch_up,
            max_concurrency=one.max_concurrency,
            enabled=enabled,
            parameters=dict(one.parameters),
            description=wanted.description,
            created=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.tick // 3),
        )
        self.recurring[made.id] = made
        return made

    def switch(self, name: str, *, on: bool) -> None:
        if name in self.recurring:
            self.recurring[name] = replace(self.recurring[name], enabled=on)

    def delete(self, name: str) -> None:
        if self.recurring.pop(name, None):
            self.killed += self.runs.pop(name, 0)

    def trigger(self) -> None:
        """It is time for all that are switched on."""
        for one in self.recurring.values():
            if one.enabled and self.runs.get(one.id, 0) < one.max_concurrency:
                self.runs[one.id] = self.runs.get(one.id, 0) + 1


class Applier:
    """One who applies, step by step.

    Attributes:
        outcome: when it is through.
    """

    def __init__(self, server: Server, declared: Sequence[Wanted]) -> None:
        self._server = server
        self._steps: Generator[Step, Any, Outcome] = converge(declared, server.catalog)
        self._answer: Any = None
        self.outcome: Outcome | None = None

    def step(self) -> None:
        """Take one step, if it is not through."""
        if self.outcome is None:
            try:
                self._answer = self._server.carry_out(self._steps.send(self._answer))
            except StopIteration as end:
                self.outcome = end.value

    def finish(self) -> Outcome:
        """Take all steps that are left."""
        while self.outcome is None:
            self.step()
        return self.outcome


def apply(server: Server, declared: Sequence[Wanted]) -> Outcome:
    """Apply from beginning to end."""
    return Applier(server, declared).finish()
