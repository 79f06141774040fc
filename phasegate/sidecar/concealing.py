"""Personal data in events is hashed or dropped as they arrive: nothing is kept of it on disk."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from phasegate.prediction_log.privacy import Privacy
from phasegate.sidecar.cloud_events import Event
from phasegate.sidecar.refusal import Refused
from phasegate.sidecar.rows import Column, Rows


@dataclass(frozen=True)
class Concealer:
    """Applies the rules to what a foreign runtime was asked; hashes are those of the predictor.

    Args:
        privacy: rule of each sensitive column.
        entity: column that the header ``x-entity-id`` is taken from, if that has a rule.
    """

    privacy: Privacy
    entity: str | None = None

    def conceal(self, event: Event) -> Event:
        """The event as it may be kept.

        Raises:
            Refused: no feature is left.
        """
        if not self.privacy.rules or not isinstance(event.content, Rows):
            return event
        columns = {
            name: self._column(name, column)
            for name, column in event.content.columns.items()
            if self.privacy.rules.get(name) != "drop"
        }
        if not columns:
            raise Refused("features", "all features are dropped as sensitive", where="body")
        entity = self.privacy.entity(self.entity or "", event.envelope.entity)
        return replace(
            event,
            envelope=replace(event.envelope, entity=entity),
            content=Rows(event.content.count, columns),
        )

    def _column(self, name: str, column: Column) -> Column:
        if column is None or name not in self.privacy.rules:
            return column
        return [self.privacy.entity(name, value) for value in _texts(column)]


def _texts(column: bytes | list[str | None]) -> list[str | None]:
    """Values as the predictor's log hashes them: -0.0 is the 0.0 that it equals."""
    if isinstance(column, list):
        return column
    numbers = np.frombuffer(column, "<f8").tolist()
    return [None if math.isnan(number) else repr(number + 0.0) for number in numbers]
