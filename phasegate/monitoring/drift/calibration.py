"""What windows without drift look like: how far they are from the rest of the reference.

Windows are stretches of the reference as it came, so that what belongs together stays so: rows of
one day, features that move together, weekends and bursts. Each is compared with the reference less
itself. Counts subtract exactly, so no row is looked at twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.drift.resampling import variation
from phasegate.monitoring.drift.variation import Variation
from phasegate.monitoring.policy import DriftRules
from phasegate.monitoring.profile import Profile
from phasegate.values import from_json, to_json

VERSION = 1
STEP = 4


@dataclass(frozen=True)
class Calibration:
    """How far drift-free windows are from the reference, by their length.

    Attributes:
        profile_digest: of the reference.
        seed: of the draws.
        lengths: from short to long; those of which too few fit into the reference are left out.
        version: of this format.
    """

    profile_digest: str
    seed: int
    lengths: tuple[Variation, ...]
    version: int = VERSION

    @property
    def content(self) -> bytes:
        """The calibration as canonical JSON, which is what its file holds."""
        return canonical_json({**self.to_json(), "version": self.version})

    def of(self, span: timedelta) -> Variation | None:
        """Of the longest windows that are no longer than a span, else of the shortest.

        Shorter windows vary more, so what is allowed is never too little.
        """
        fitting = [one for one in self.lengths if one.length <= span]
        return fitting[-1] if fitting else next(iter(self.lengths), None)

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` reads them."""
        return to_json(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str = "calibration") -> Calibration:
        """The calibration of JSON values.

        Raises:
            BadInput: they are none.
        """
        return from_json(cls, value, where)

    @classmethod
    def from_bytes(cls, content: bytes, where: str) -> Calibration:
        """Read a calibration.

        Raises:
            BadInput: it is none, or of another version.
        """
        try:
            value = json.loads(content)
        except ValueError as error:
            raise BadInput(f"this is no calibration ({error})", where=where) from None
        if not isinstance(value, dict) or value.get("version") != VERSION:
            raise BadInput("this is no calibration", where=where, expected=f"version {VERSION}")
        return cls.from_json(value, where)


def calibrate(
    profile: Profile,
    panes: Mapping[datetime, WindowCounts],
    rules: DriftRules,
    *,
    seed: int,
) -> Calibration:
    """Compare windows of the reference with the rest of it.

    Args:
        profile: of the reference.
        panes: its rows by start of pane, counted on the profile.
        rules: how windows are cut and judged.
        seed: of the draw of windows, where there are too many to look at all.
    """
    found = (variation(profile, panes, length, rules, seed) for length in lengths(rules))
    return Calibration(profile.digest, seed, tuple(one for one in found if one is not None))


def lengths(rules: DriftRules) -> tuple[timedelta, ...]:
    """Lengths that are calibrated, rising: of a window, its quarter, and so on down to a pane."""
    every, length = [rules.window], rules.window // STEP // rules.pane * rules.pane
    while length >= rules.pane:
        every.append(length)
        length = length // STEP // rules.pane * rules.pane
    return tuple(reversed(every))
