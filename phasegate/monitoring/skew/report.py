"""What was found when served features were computed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from phasegate.values import from_json, to_json


class CauseKind(StrEnum):
    """Usual causes of skew."""

    WINDOW_EDGE = "window edge"
    NULL_HANDLING = "null handling"
    TIME_ZONE = "time zone"
    ENCODING = "encoding"
    UNIT = "unit"
    STALE = "stale"
    OTHER = "unknown"


@dataclass(frozen=True, slots=True)
class Cause:
    """What would explain the difference.

    Attributes:
        kind: of cause.
        explanation: one sentence.
        explained: share of the differing rows that it gives exactly.
    """

    kind: CauseKind
    explanation: str
    explained: float


@dataclass(frozen=True, slots=True)
class DifferingRow:
    """A row that was served otherwise than computed; values as text, empty for missing."""

    request_id: str
    row: int
    event_time: datetime
    served: str
    recomputed: str


@dataclass(frozen=True, slots=True)
class FeatureSkew:
    """One feature.

    Attributes:
        feature: its name.
        rows: compared.
        differing: of those.
        since, until: event times of the first and last differing row; None where there are none.
        first: the first differing rows in order of event time.
        cause: the likeliest; None where nothing differs.
        distance: of the two distributions by TFDV's comparator; NaN where it was not asked.
        alert: whether it is more than allowed.
    """

    feature: str
    rows: int
    differing: int
    since: datetime | None
    until: datetime | None
    first: tuple[DifferingRow, ...]
    cause: Cause | None
    distance: float
    alert: bool


@dataclass(frozen=True, slots=True)
class SkewReport:
    """All features of a window.

    Attributes:
        model_digest: of the model that was asked.
        since, until: the window: from, and before.
        rows: compared.
        unmatched: logged rows that no raw event belongs to.
        features: in the model's order.
        problems: why something could not be compared, each in a sentence.
        alert: whether any feature alerts, or nothing could be compared though there were rows.
    """

    model_digest: str
    since: datetime
    until: datetime
    rows: int
    unmatched: int
    features: tuple[FeatureSkew, ...]
    problems: tuple[str, ...]
    alert: bool

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` reads them."""
        return to_json(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str = "skew report") -> SkewReport:
        """The report of JSON values.

        Raises:
            BadInput: they are none.
        """
        return from_json(cls, value, where)
