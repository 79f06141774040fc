"""A plan as plain values and as lines for people. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from phasegate.scheduling.declaration import Wanted
from phasegate.scheduling.plan import Change, Difference, Kind

RUNS_SHOWN = 3
_SIGNS = {
    Kind.CREATE: "+",
    Kind.REPLACE: "~",
    Kind.RESUME: ">",
    Kind.PAUSE: "|",
    Kind.RETIRE: "-",
    Kind.DELETE: "-",
    Kind.DRAINING: ".",
    Kind.HELD: "|",
    Kind.UNCHANGED: "=",
}
_SECRET = re.compile(r"secret|token|password|passwd|credential|api_?key", re.IGNORECASE)
_LONGEST = 60  # characters of a value
_ABSENT = "(absent)"


def summarize(change: Change, now: datetime) -> dict[str, Any]:
    """A change as plain values.

    Args:
        change: of a plan.
        now: from when on the next runs are told.
    """
    wanted, recurring = change.wanted, change.recurring
    summary: dict[str, Any] = {
        "schedule": change.schedule,
        "change": str(change.kind),
        "acts": change.kind.acts,
        "reason": change.reason,
        "recurring_run": recurring.id if recurring else None,
        "name": wanted.title if wanted else recurring.name if recurring else "",
        "enabled": _enabled(change),
        "in_flight": change.in_flight,
        "differences": [
            {"what": one.what, "before": one.before, "after": one.after}
            for one in _expanded(change.differences)
        ],
    }
    if wanted:
        summary |= {
            "cron": wanted.schedule.cron.text,
            "zone": wanted.schedule.zone.key,
            "backend_cron": wanted.cron.text,
            "backend_zone": wanted.schedule.backend_zone.key,
            "next_runs": [one.isoformat() for one in next_runs(change, now)],
            "notes": list(_notes(wanted)),
        }
    return summary


def lines(change: Change, now: datetime) -> list[str]:
    """A change as lines of text, the first of which is its heading."""
    heading = f"{_SIGNS[change.kind]} {change.schedule}: {change.kind}"
    if change.recurring and change.kind in (Kind.RETIRE, Kind.DELETE, Kind.DRAINING):
        heading += f" {change.recurring.name}"
    if change.in_flight:
        heading += f" ({change.in_flight} in flight)"
    found = [f"{heading}, {change.reason}" if change.reason else heading]
    for one in _expanded(change.differences):
        found.append(f"    {one.what}: {_shown(one.before)} -> {_shown(one.after)}")
    if change.wanted:
        if runs := next_runs(change, now):
            times = ", ".join(f"{one:%a %Y-%m-%d %H:%M:%S}" for one in runs)
            found.append(f"    next: {times} {change.wanted.schedule.zone.key}")
        found += [f"    note: {one}" for one in _notes(change.wanted)]
    return found


def next_runs(change: Change, now: datetime) -> list[datetime]:
    """When the backend will start runs next, on the schedule's clock; none of one that is off."""
    if change.wanted is None or not _enabled(change):
        return []
    schedule = change.wanted.schedule
    return next_times(change.wanted, schedule.zone, now)


def next_times(wanted: Wanted, zone: ZoneInfo, now: datetime) -> list[datetime]:
    """The next times of what the backend has, on another clock."""
    times = wanted.cron.times(now, wanted.schedule.backend_zone)
    return [one.astimezone(zone) for one in islice(times, RUNS_SHOWN)]


def _enabled(change: Change) -> bool:
    """Whether it is switched on in the end."""
    match change.kind:
        case Kind.CREATE | Kind.REPLACE:
            return change.enabled
        case Kind.RESUME:
            return True
        case Kind.UNCHANGED:
            return bool(change.recurring and change.recurring.enabled)
    return False


def _notes(wanted: Wanted) -> Iterator[str]:
    schedule = wanted.schedule
    if wanted.until:
        yield (
            f"clocks of {schedule.zone.key} and {schedule.backend_zone.key} differ otherwise from"
            f" {wanted.until.astimezone(schedule.zone):%Y-%m-%d} on: apply between the last run"
            " before and the first run after that, or every day"
        )
    if schedule.local:
        yield (
            f"{', '.join(schedule.local)} name folders of this machine: pods may not have them, and"
            " another machine would replace the schedule"
        )


def _expanded(differences: Iterable[Difference]) -> Iterator[Difference]:
    """Differences with JSON texts told apart key by key, and without secrets."""
    for one in differences:
        before, after = _object(one.before), _object(one.after)
        if before is not None and after is not None:
            for key in sorted({*before, *after}):
                left, right = before.get(key, _ABSENT), after.get(key, _ABSENT)
                if left != right:
                    yield from _expanded([Difference(f"{one.what}.{key}", left, right)])
        elif _SECRET.search(one.what):
            yield Difference(one.what, "(not shown)", "(not shown)")
        else:
            yield one


def _object(value: Any) -> dict[str, Any] | None:
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, dict) else None


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    if value is None:
        return _ABSENT
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
