"""The backend's objects, from the JSON of its answers. Pure."""

from __future__ import annotations

import re
from datetime import datetime

from phasegate.kubeflow.objects import (
    EPOCH,
    Experiment,
    Json,
    Pipeline,
    Recurring,
    Run,
    Task,
    Version,
)

_DIGEST = re.compile(r"\bsha256:([0-9a-f]{64})\b")
_ZONE = re.compile(r"\bzone:(\S+)")


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
    return _moment(value.get("created_at")) or EPOCH


def _moment(text: str | None) -> datetime | None:
    """A moment; the backend sends 1970 for one that has not come."""
    moment = datetime.fromisoformat(text) if text else None
    return moment if moment and moment.year > EPOCH.year else None
