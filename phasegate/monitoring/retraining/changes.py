"""What was changed under a model: releases from their audit log, the rest from the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from phasegate.monitoring.retraining.decision import Change, ChangeKind
from phasegate.monitoring.retraining.entry import Entry, EventKind
from phasegate.release.entry import Entry as ReleaseEntry
from phasegate.release.record import Status


def journal_changes(entries: Sequence[Entry]) -> list[Change]:
    """Changes that were announced, each as it stands now, in the order of announcement."""
    found: dict[int, Change] = {}
    for entry in entries:
        event = entry.event
        if event.change is None:
            continue
        if event.kind is EventKind.CHANGE_ANNOUNCED:
            found[entry.sequence] = event.change
        elif event.kind is EventKind.CHANGE_UNDONE:
            found[event.refers] = event.change
    return list(found.values())


def release_changes(entries: Sequence[ReleaseEntry]) -> list[Change]:
    """Promotions, as changes at their time; a rollback after one takes it back.

    Args:
        entries: of the audit log of releases, in order.
    """
    found: dict[str, Change] = {}
    for entry in entries:
        record = entry.record
        if entry.action == "finish" and record.status is Status.PROMOTED:
            found[record.release] = Change(
                kind=ChangeKind.RELEASE,
                at=entry.at,
                what=f"{record.challenger.reference} replaced {record.champion.reference}",
                actor=entry.actor,
                release=record.release,
                model_digest=record.challenger.digest,
            )
        elif record.status is Status.ROLLED_BACK and record.release in found:
            change = found[record.release]
            if not change.undone:
                found[record.release] = replace(change, undone=True, undone_at=entry.at)
    return list(found.values())
