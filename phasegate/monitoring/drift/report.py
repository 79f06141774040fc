"""Judgements of windows in a row, and what was read to make them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phasegate.errors import BadInput
from phasegate.monitoring.drift.judgement import DriftJudgement
from phasegate.values import from_json, to_json

FILE = "drift.json"


@dataclass(frozen=True, slots=True)
class DriftFindings:
    """What was found about a span of event time.

    Attributes:
        windows: judgements, in order of time.
        notes: what was left out of them, or is otherwise worth knowing; a sentence each.
    """

    windows: tuple[DriftJudgement, ...]
    notes: tuple[str, ...] = ()

    @property
    def alerts(self) -> int:
        """Windows that alert."""
        return sum(one.alert for one in self.windows)

    @property
    def outcome(self) -> str:
        """``alert``, ``no drift``, or ``not judged`` where a window was not."""
        if self.alerts:
            return "alert"
        all_judged = bool(self.windows) and all(one.judged for one in self.windows)
        return "no drift" if all_judged else "not judged"

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` reads them."""
        return to_json(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str = "drift report") -> DriftFindings:
        """The findings of JSON values.

        Raises:
            BadInput: they are none.
        """
        return from_json(cls, value, where)

    @classmethod
    def read(cls, folder: Path) -> DriftFindings:
        """The findings of a DriftReport's folder.

        Raises:
            BadInput: there are none, or they are damaged.
        """
        path = folder / FILE
        try:
            return cls.from_json(json.loads(path.read_bytes()), str(path))
        except (OSError, ValueError) as error:
            raise BadInput(f"this is no drift report ({error})", where=str(path)) from None
