"""What a schedule is declared to be, and what that comes to on a backend. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from phasegate.digests import digest_json
from phasegate.kubeflow.compiled import Compiled
from phasegate.kubeflow.submitting import pipeline_name
from phasegate.scheduling.cron import Cron
from phasegate.scheduling.zones import difference, next_change, shifted

LATEST = "latest"
_MARK = re.compile(
    r"^phasegate-schedule: ([a-z][-a-z0-9]*)/([a-z][-a-z0-9]*) ([0-9a-f]{64})$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule as it is declared, in full.

    Attributes:
        owner: name of the file's set of schedules, which what it makes is known by.
        name: unique in the file.
        compiled: the pipeline.
        prefix: what its name on the backend begins with; may be empty.
        version: `LATEST`, or at least 12 hex digits of the digest that is pinned.
        cron: when, on a clock of `zone`.
        zone: time zone that it is meant in.
        backend_zone: time zone that the backend runs in.
        catch_up: whether runs that were missed are made up for.
        max_concurrency: how many runs are in flight at most.
        parameters: of its runs.
        experiment: name of the one where its runs are.
        enabled: whether it is switched on.
        respect_pause: whether one that was switched off by hand stays off.
        service_account: of its runs; empty is the backend's own.
        line: in the file.
        local: parameters that name a folder of the machine on which the file was read.
    """

    owner: str
    name: str
    compiled: Compiled
    prefix: str
    version: str
    cron: Cron
    zone: ZoneInfo
    backend_zone: ZoneInfo
    catch_up: bool
    max_concurrency: int
    parameters: Mapping[str, Any]
    experiment: str
    enabled: bool = True
    respect_pause: bool = False
    service_account: str = ""
    line: int = 0
    local: tuple[str, ...] = ()

    @property
    def pipeline(self) -> str:
        """Name of the pipeline on the backend."""
        return pipeline_name(self.compiled, self.prefix)

    def on_backend(self, now: datetime) -> Wanted:
        """What the backend should have.

        The difference between the clocks is that of the next run, so that the expression is the
        right one by then.

        Raises:
            ValueError: it cannot be written for the backend's clock, now or after summer time.
        """
        upcoming = self.cron.after(now, self.zone) or now
        moved = self._moved(upcoming)
        hour = upcoming.replace(minute=0, second=0, microsecond=0)
        until = next_change(self.zone, self.backend_zone, hour)
        if until is not None and self._moved(until).text == moved.text:
            until = None
        return Wanted(self, moved, until)

    def _moved(self, moment: datetime) -> Cron:
        return shifted(self.cron, difference(self.zone, self.backend_zone, moment))


@dataclass(frozen=True)  # without slots, for its cached digest
class Wanted:
    """A schedule as the backend should have it.

    Attributes:
        schedule: what is declared.
        cron: on the backend's clock.
        until: when summer time will change what `cron` has to be; None: not within 400 days.
    """

    schedule: Schedule
    cron: Cron
    until: datetime | None = None

    @cached_property
    def digest(self) -> str:
        """Hex sha256 of all that cannot be changed once it is made."""
        one = self.schedule
        return digest_json({
            "pipeline": one.pipeline,
            "version": one.version,
            "cron": self.cron.text,
            "catch_up": one.catch_up,
            "max_concurrency": one.max_concurrency,
            "parameters": dict(one.parameters),
            "experiment": one.experiment,
            "service_account": one.service_account,
        })  # fmt: skip

    @property
    def title(self) -> str:
        """Name of the recurring run."""
        return f"{self.schedule.owner}.{self.schedule.name}.{self.digest[:12]}"

    @property
    def description(self) -> str:
        """Description of the recurring run, with the mark that it is known by."""
        one = self.schedule
        return (
            f"'{one.cron.text}' in {one.zone.key}, declared in a file of schedules. It cannot be"
            " changed here: the next `phasegate schedule apply` would undo that.\n"
            f"{marked(one.owner)}{one.name} {self.digest}"
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """Whose a recurring run is, as its description says.

    Attributes:
        owner: as that of `Schedule`.
        schedule: its name.
        digest: as that of `Wanted`.
    """

    owner: str
    schedule: str
    digest: str


def mark_of(description: str) -> Mark | None:
    """The mark in a description; None: it is not ours."""
    found = _MARK.search(description)
    return Mark(*found.groups()) if found else None


def marked(owner: str) -> str:
    """What the descriptions of all of an owner's recurring runs hold."""
    return f"phasegate-schedule: {owner}/"
