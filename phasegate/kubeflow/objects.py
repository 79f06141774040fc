"""What the backend keeps, as plain values; read from the JSON of its answers. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ENDED = frozenset({"SUCCEEDED", "SKIPPED", "FAILED", "CANCELED"})

_DIGEST = re.compile(r"\bsha256:([0-9a-f]{64})\b")
_ZONE = re.compile(r"\bzone:(\S+)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline.

    Attributes:
        id: identifier.
        name: unique in its namespace.
        description: free text.
        created: when it was made.
    """

    id: str
    name: str
    description: str = ""
    created: datetime = _EPOCH


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a pipeline; it never changes.

    Attributes:
        id: identifier.
        pipeline_id: its pipeline.
        name: unique in its pipeline.
        created: when it was made.
        digest: hex sha256 of what was uploaded, where its description says so; else empty.
    """

    id: str
    pipeline_id: str
    name: str
    created: datetime = _EPOCH
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A folder of runs.

    Attributes:
        id: identifier.
        name: unique in its namespace.
        created: when it was made.
    """

    id: str
    name: str
    created: datetime = _EPOCH


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a run.

    Attributes:
        name: as the backend shows it; that of the pipeline's task.
        state: as that of a run.
        error: why it failed.
        started: when; None while it waits.
        finished: when; None while it has not ended.
    """

    name: str
    state: str
    error: str = ""
    started: datetime | None = None
    finished: datetime | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a pipeline.

    Attributes:
        id: identifier.
        name: not unique.
        state: PENDING, RUNNING, SUCCEEDED, SKIPPED, FAILED, CANCELING, CANCELED or PAUSED.
        error: why it failed.
        created: when it was made.
        finished: when it ended; None while it has not.
        experiment_id: where it is.
        version: identifier of the pipeline's version; empty where it ran from a file.
        pipeline_id: identifier of the pipeline; empty where it ran from a file.
        recurring_id: of the recurring run that made it; empty where none did.
        parameters: as they were given.
        tasks: how they stand; only of a run that was got, not listed.
    """

    id: str
    name: str
    state: str
    error: str = ""
    created: datetime = _EPOCH
    finished: datetime | None = None
    experiment_id: str = ""
    version: str = ""
    pipeline_id: str = ""
    recurring_id: str = ""
    parameters: Json = field(default_factory=dict)
    tasks: tuple[Task, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Recurring:
    """A recurring run: made and deleted, switched on and off, and never changed.

    Attributes:
        id: identifier.
        name: not unique.
        experiment_id: where its runs are.
        pipeline_id: what is run; empty where it was made from a file.
        version_id: which version of it; None follows the latest.
        cron: six fields, the first of which are seconds; empty where it has a period instead.
        zone: time zone that the schedule was meant in, where the description says so (the backend
            knows one zone for all, and refuses one in ``cron``).
        catchup: whether runs that were missed are made up for.
        max_concurrency: how many of its runs are in flight at most.
        enabled: whether it is switched on.
        parameters: of its runs.
        description: free text, in which marks are kept.
        created: when it was made.
        service_account: that its runs have.
    """

    id: str
    name: str
    experiment_id: str
    pipeline_id: str = ""
    version_id: str | None = None
    cron: str = ""
    zone: str = ""
    catchup: bool = True
    max_concurrency: int = 1
    enabled: bool = True
    parameters: Json = field(default_factory=dict)
    description: str = ""
    created: datetime = _EPOCH
    service_account: str = ""


def pipeline_of(value: Json) -> Pipeline:
    """A pipeline, from the answer's JSON."""
    return Pipeline(
        value["pipeline_id"], _name(value), value.get("description", ""), _created(value)
    )


def version_of(value: Json) -> Version:
    """A version, from the answer's JSON."""
    digest = _DIGEST.search(value.get("description", ""))
    return Version(
        value["pipeline_version_id"],
        value["pipeline_id"],
        _name(value),
        _created(value),
        digest[1] if digest else "",
    )


def experiment_of(value: Json) -> Experiment:
    """An experiment, from the answer's JSON."""
    return Experiment(value["experiment_id"], value.get("display_name", ""), _created(value))


def run_of(value: Json) -> Run:
    """A run, from the answer's JSON."""
    reference = value.get("pipeline_version_reference") or {}
    details = (value.get("run_details") or {}).get("task_details") or ()
    return Run(
        id=value["run_id"],
        name=value.get("display_name", ""),
        state=value.get("state", "RUNTIME_STATE_UNSPECIFIED"),
        error=_error(value),
        created=_created(value),
        finished=_moment(value.get("finished_at")),
        experiment_id=value.get("experiment_id", ""),
        version=reference.get("pipeline_version_id", ""),
        pipeline_id=reference.get("pipeline_id", ""),
        recurring_id=value.get("recurring_run_id", ""),
        parameters=(value.get("runtime_config") or {}).get("parameters") or {},
        tasks=tuple(_task_of(one) for one in details),
    )


def recurring_of(value: Json) -> Recurring:
    """A recurring run, from the answer's JSON."""
    reference = value.get("pipeline_version_reference") or {}
    zone = _ZONE.search(value.get("description", ""))
    return Recurring(
        id=value["recurring_run_id"],
        name=value.get("display_name", ""),
        experiment_id=value.get("experiment_id", ""),
        pipeline_id=reference.get("pipeline_id", ""),
        version_id=reference.get("pipeline_version_id") or None,
        cron=((value.get("trigger") or {}).get("cron_schedule") or {}).get("cron", ""),
        zone=zone[1] if zone else "",
        catchup=not value.get("no_catchup", False),
        max_concurrency=int(value.get("max_concurrency", 1)),
        enabled=value.get("mode", value.get("status")) in ("ENABLE", "ENABLED"),
        parameters=(value.get("runtime_config") or {}).get("parameters") or {},
        description=value.get("description", ""),
        created=_created(value),
        service_account=value.get("service_account", ""),
    )


def _task_of(value: Json) -> Task:
    return Task(
        value.get("display_name", ""),
        value.get("state", "RUNTIME_STATE_UNSPECIFIED"),
        _error(value),
        _moment(value.get("start_time")),
        _moment(value.get("end_time")),
    )


def _name(value: Json) -> str:
    """Backends before 2.15 have the display name alone."""
    return value.get("name") or value.get("display_name", "")


def _error(value: Json) -> str:
    return " ".join(str((value.get("error") or {}).get("message", "")).split())


def _created(value: Json) -> datetime:
    return _moment(value.get("created_at")) or _EPOCH


def _moment(text: str | None) -> datetime | None:
    """A moment; the backend sends 1970 for one that has not come."""
    moment = datetime.fromisoformat(text) if text else None
    return moment if moment and moment.year > _EPOCH.year else None
