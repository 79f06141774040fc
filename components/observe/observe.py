"""Champion, reference, window, files and changes, each from where it is kept."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from phasegate.clock import time_of
from phasegate.contracts import ReferenceProfile
from phasegate.errors import BadInput
from phasegate.monitoring.observed import Observed, log_files
from phasegate.monitoring.policy import DAY, MonitoringPolicy
from phasegate.monitoring.profile import Profile
from phasegate.monitoring.reference import registered_reference
from phasegate.monitoring.retraining.changes import journal_changes, release_changes
from phasegate.monitoring.retraining.decision import Change
from phasegate.monitoring.retraining.entry import Entry, EventKind
from phasegate.monitoring.retraining.journal import open_journal
from phasegate.monitoring.windows import answers_since, ceiling, next_span, require_whole
from phasegate.registry.models import CHAMPION, RegisteredVersion, connect
from phasegate.release.store import open_releases
from phasegate.store.named import open_named

_SINCE, _UNTIL = "observe: since", "observe: until"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be looked at, as parameters say it; see `components.observe.component`."""

    name: str
    store: str
    log: str
    since: str
    until: str


def champion_reference(name: str, scratch: Path, folder: Path) -> tuple[RegisteredVersion, Profile]:
    """The model that answers now and its reference profile, whose files are put into a folder.

    Raises:
        BadInput: there is no champion, or it has no reference.
        Unavailable: the registry did not answer.
    """
    registry = connect()
    version = registry.resolve(f"{name}@{CHAMPION}")
    fetched = scratch / "champion"
    reference = registered_reference(registry, version, fetched)
    for file in ReferenceProfile.FILES:
        shutil.copyfile(fetched / "profile" / file, folder / file)
    return version, reference.profile


def observe(
    asked: Asked,
    version: RegisteredVersion,
    profile: Profile,
    policy: MonitoringPolicy,
    now: datetime,
) -> Observed:
    """What there is to be looked at.

    Args:
        version: the champion.
        profile: its reference.
        now: event time.

    Raises:
        BadInput: a time is none, the span is empty, or the log has nothing of the model.
        Unavailable: a store did not answer.
    """
    now = now.astimezone(UTC)
    entries = open_journal(asked.store, asked.name).entries()
    releases = open_releases(asked.store).entries(asked.name)
    changes = [
        one for one in (*release_changes(releases), *journal_changes(entries)) if one.at <= now
    ]
    store, history = open_named(asked.log), policy.retraining.history
    end = time_of(asked.until, _UNTIL) if asked.until else now
    listed = log_files(store, asked.name, end - history - policy.drift.window, end)
    slot = version.model_digest[:12]
    days = [file.day for file in listed if file.slot == slot]
    if not days:
        raise BadInput(
            f"the prediction log has nothing of {version} (model {slot}) from "
            f"{end - history:%Y-%m-%d} to {end:%Y-%m-%d}",
            where=store.uri,
            expected=f"predictions/{asked.name}/date=.../model={slot}/*.parquet",
            fix="see that the champion is served, that its sidecar seals into this store, and that "
            "--now is not before its first answers",
        )
    first = datetime(days[0].year, days[0].month, days[0].day, tzinfo=UTC)
    begins = max(first, answers_since(changes, end) or first)
    since, until = _span(asked, policy, end, _seen(entries), begins)
    start = min(since, until - history)
    return Observed(
        model=asked.name,
        model_version=str(version),
        model_digest=version.model_digest,
        profile_digest=profile.digest,
        since=since,
        until=until,
        history=start,
        now=now,
        files=tuple(
            file for file in listed if start.date() <= file.day < ceiling(until, DAY).date()
        ),
        changes=tuple(sorted(changes, key=_when)),
    )


def _span(
    asked: Asked,
    policy: MonitoringPolicy,
    end: datetime,
    seen: datetime | None,
    begins: datetime,
) -> tuple[datetime, datetime]:
    window, history = policy.drift.window, policy.retraining.history
    since, until = next_span(window, end, seen=seen, begins=begins, history=history)
    if asked.until:
        until = end
    since = time_of(asked.since, _SINCE) if asked.since else since
    require_whole(since, policy.drift.pane, _SINCE)
    require_whole(until, policy.drift.pane, _UNTIL)
    if not since < until:
        raise BadInput(
            f"the window from {since.isoformat()} to {until.isoformat()} is empty",
            where="observe",
            expected="since before until",
        )
    return since, until


def _seen(entries: list[Entry]) -> datetime | None:
    """End of the last window that was decided about."""
    return max(
        (
            entry.event.decision.until
            for entry in entries
            if entry.event.kind is EventKind.DECIDED and entry.event.decision
        ),
        default=None,
    )


def _when(change: Change) -> tuple[datetime, str]:
    return change.at, change.what
