"""Alarms of windows in a row: one that goes on is told once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from phasegate.monitoring.drift.judgement import Alarm, Channel
from phasegate.monitoring.table.stream import JudgedWindow

Key = tuple[str, Channel]


@dataclass(frozen=True, slots=True)
class Episode:
    """An alarm that windows in a row have.

    Attributes:
        alarm: of the first of them.
        first, until: rows of the first window, from 1.
        last: last row of the last window that has it.
        windows: how many have it.
    """

    alarm: Alarm
    first: int
    until: int
    last: int
    windows: int = 1

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "column": self.alarm.feature,
            "channel": self.alarm.channel.value,
            "reason": self.alarm.reason,
            "first_row": self.first,
            "reported_by_row": self.until,
            "last_row": self.last,
            "windows": self.windows,
        }


@dataclass(slots=True)
class Episodes:
    """Episodes as windows come; those of one column and channel do not overlap."""

    ended: list[Episode] = field(default_factory=list)
    open: dict[Key, Episode] = field(default_factory=dict)
    windows: int = 0
    alarmed: int = 0

    def add(self, window: JudgedWindow) -> list[Episode]:
        """Take the next window; returns the episodes that begin with it."""
        self.windows += 1
        self.alarmed += window.judgement.alert
        alarms = {(one.feature, one.channel): one for one in window.judgement.alarms}
        begun = []
        for key in [key for key in self.open if key not in alarms]:
            self.ended.append(self.open.pop(key))
        for key, alarm in alarms.items():
            if before := self.open.get(key):
                self.open[key] = Episode(
                    before.alarm, before.first, before.until, window.last, before.windows + 1
                )
            else:
                self.open[key] = Episode(alarm, window.first, window.last, window.last)
                begun.append(self.open[key])
        return begun

    def all(self) -> list[Episode]:
        """All of them, by their first row."""
        both = [*self.ended, *self.open.values()]
        return sorted(both, key=lambda one: (one.first, one.alarm.feature, one.alarm.channel))

    def first(self) -> Mapping[Key, Episode]:
        """The first of each column and channel, by first row."""
        found: dict[Key, Episode] = {}
        for one in self.all():
            found.setdefault((one.alarm.feature, one.alarm.channel), one)
        return found
