"""What the backend keeps, as plain values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ENDED = frozenset({"SUCCEEDED", "SKIPPED", "FAILED", "CANCELED"})

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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
    created: datetime = EPOCH


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
    created: datetime = EPOCH
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
    created: datetime = EPOCH


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
    created: datetime = EPOCH
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
    created: datetime = EPOCH
    service_account: str = ""
