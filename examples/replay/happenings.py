"""Entries of audit log and journal, and alerts of the sidecar, as what happened in the replay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from examples.replay.record import Happening, What
from phasegate.monitoring.retraining.entry import Entry as JournalEntry
from phasegate.monitoring.retraining.entry import EventKind, TrainingOutcome
from phasegate.release.entry import Entry
from phasegate.release.record import Status

FAR = 0.25  # debiased PSI: of "a major shift", as the rule of thumb has it
_OVER = {
    Status.PROMOTED: What.PROMOTED,
    Status.ROLLED_BACK: What.ROLLED_BACK,
    Status.ENDED: What.ENDED,
}


class Alerts:
    """Alerts of the sidecar, as they come in.

    Args:
        folder: where they are put.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: set[str] = set()
        self._told: set[tuple[str, str]] = set()

    def fresh(self, digest: str, until: datetime) -> Iterator[tuple[Happening, bool]]:
        """Alerts about a model that say what none has said before: channel and feature.

        Args:
            digest: of the model.
            until: event time; an alert is no younger.

        Returns:
            What happened, and whether it cannot wait for the next run of monitoring: a channel
            alarms for the first time, or a feature is far from what it was. That one more feature
            drifts a little can wait.
        """
        for event in sorted(self._new(), key=lambda one: one["time"]):
            data = event["data"]
            if data.get("model_digest") != digest:
                continue
            new = [
                alarm for alarm in data["alarms"]
                if (alarm["channel"], alarm["feature"]) not in self._told
            ]  # fmt: skip
            if new:
                far = {one["feature"] for one in data["features"] if not one["debiased"] < FAR}
                channels = {channel for channel, _ in self._told}
                urgent = any(one["channel"] not in channels or one["feature"] in far for one in new)
                self._told |= {(one["channel"], one["feature"]) for one in new}
                at = min(datetime.fromisoformat(event["time"]).astimezone(UTC), until)
                yield Happening(at, What.ALERT, new[0]["reason"]), urgent

    def _new(self) -> Iterator[dict[str, Any]]:
        for path in sorted(self._folder.glob("*.json")):
            if path.name not in self._read:
                self._read.add(path.name)
                yield json.loads(path.read_bytes())


def of_release(entry: Entry) -> Happening | None:
    """What an entry of the audit log says that happened; None for looks and the like."""
    record = entry.record
    if entry.action == "start":
        return Happening(entry.at, What.RELEASED, f"{record.challenger.reference}: {entry.reason}")
    if entry.action in ("finish", "roll back", "end inconclusive"):
        return Happening(entry.at, _OVER[record.status], entry.reason)
    return None


def of_journal(entry: JournalEntry) -> Happening | None:
    """What an entry of the monitoring journal says that happened; None for decisions."""
    event = entry.event
    match event.kind:
        case EventKind.CHANGE_ANNOUNCED if event.change is not None:
            return Happening(event.change.at, What.BUG, f"{event.change.what} goes live")
        case EventKind.CHANGE_UNDONE:
            return Happening(event.at, What.UNDONE, event.reason)
        case EventKind.TRAINING_ENDED if event.training is not None:
            is_good = event.training.outcome is TrainingOutcome.REGISTERED
            what = What.TRAINED if is_good else What.BLOCKED
            return Happening(event.at, what, f"{event.training.version} {event.reason}".strip())
        case EventKind.PERSON_ASKED:
            return Happening(event.at, What.ASKED, event.reason)
    return None
