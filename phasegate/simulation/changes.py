"""What may change while a simulation runs, and how a user asks for it on the command line."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date, timedelta

from phasegate.errors import BadInput

BUG_KINDS = ("cents", "null", "case")
CORRUPTIBLE = ("amount", "category", "channel", "country", "distance_km", "terminal_id")


@dataclass(frozen=True)
class Drift:
    """Genuine spending inflates: amounts grow linearly to `factor` times over `days` days."""

    at: date
    days: int = 60
    factor: float = 1.5

    def __str__(self) -> str:
        return f"drift@{self.at}:days={self.days},factor={self.factor:g}"


@dataclass(frozen=True)
class Bug:
    """A data pipeline breaks: the rows are what they were, but are written down wrongly.

    Attributes:
        at: first broken day.
        kind: `cents` writes amounts in cents, `null` empties `column`, `case` writes categories in
            upper case.
        days: number of broken days; 0 means that it is never mended.
        column: the column that `null` empties.
        share: share of the rows that pass through the broken part, above 0 and up to 1.
    """

    at: date
    kind: str = "cents"
    days: int = 0
    column: str = "amount"
    share: float = 1.0

    def __str__(self) -> str:
        column = f",column={self.column}" if self.kind == "null" else ""
        return f"bug@{self.at}:kind={self.kind},days={self.days}{column},share={self.share:g}"

    def strikes(self, day: date) -> bool:
        """Whether the bug is there on a day."""
        return self.at <= day and (self.days == 0 or day < self.at + timedelta(days=self.days))


@dataclass(frozen=True)
class Concept:
    """Fraudsters change their ways: small amounts in the daytime.

    Attributes:
        at: first day of the change.
        days: days until it is complete; 0 means at once.
        share: share of the fraud that is committed in the new ways in the end.
    """

    at: date
    days: int = 0
    share: float = 1.0

    def __str__(self) -> str:
        return f"concept@{self.at}:days={self.days},share={self.share:g}"


Change = Drift | Bug | Concept


def spending_factor(changes: Iterable[Change], day: date) -> float:
    """How many times its original size a genuine amount has on a day."""
    drifts = (change for change in changes if isinstance(change, Drift))
    return math.prod(
        1 + (drift.factor - 1) * _progress(drift.at, drift.days, day) for drift in drifts
    )


def new_ways_share(changes: Iterable[Change], day: date) -> float:
    """The share of fraud, 0 to 1, that is committed in the new ways on a day."""
    concepts = (change for change in changes if isinstance(change, Concept))
    shares = (concept.share * _progress(concept.at, concept.days, day) for concept in concepts)
    return max(shares, default=0.0)


def _progress(at: date, days: int, day: date) -> float:
    """0 before a change, 1 when it is complete, and linear between; 0 days means at once."""
    elapsed = (day - at).days + 1
    return min(max(elapsed, 0) / max(days, 1), 1.0)


_KINDS: dict[str, type[Drift | Bug | Concept]] = {
    "drift": Drift,
    "bug": Bug,
    "concept": Concept,
}
_EXAMPLE = "drift@2026-03-01:days=60,factor=1.8"


def parse_change(text: str) -> Change:
    """Read a change such as `drift@2026-03-01:days=60,factor=1.8` or `bug@2026-04-10:kind=cents`.

    Raises:
        BadInput: when the kind, the date, a setting's name or its value is wrong.
    """
    where = f"change '{text}'"
    head, _, tail = text.strip().partition(":")
    name, at_sign, day = head.partition("@")
    if name not in _KINDS or not at_sign:
        raise BadInput(
            f"'{head}' names no change", where=where,
            expected="drift@DATE, bug@DATE or concept@DATE", fix=f"for example {_EXAMPLE}",
        )  # fmt: skip
    kind = _KINDS[name]
    settings: dict[str, object] = {"at": _read_date(day, where)}
    allowed = [field.name for field in fields(kind) if field.name != "at"]
    for item in filter(None, tail.split(",")):
        key, _, value = (part.strip() for part in item.partition("="))
        if key not in allowed or key in settings:
            problem = "is given twice" if key in settings else f"is no setting of {name}"
            raise BadInput(f"'{key}' {problem}", where=where, expected=" or ".join(allowed))
        settings[key] = _read_setting(key, value, where)
    return kind(**settings)  # type: ignore[arg-type]


def _read_date(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(
            f"'{text}' is not a date", where=where, expected="a date such as 2026-03-01"
        ) from None


def _read_setting(key: str, text: str, where: str) -> object:
    read, accept, expected = _SETTINGS[key]
    try:
        value = read(text)
    except ValueError:
        value = None
    if value is None or not accept(value):
        raise BadInput(f"{key} is '{text}'", where=where, expected=expected)
    return value


_SETTINGS: dict[str, tuple[Callable[[str], object], Callable[..., bool], str]] = {
    "days": (int, lambda days: 0 <= days <= 36_500, "a whole number of days, 0 or more"),
    "factor": (float, lambda factor: 0 < factor <= 1_000, "a number above 0, such as 1.8"),
    "share": (float, lambda share: 0 < share <= 1, "a number above 0 and up to 1"),
    "kind": (str, BUG_KINDS.__contains__, " or ".join(BUG_KINDS)),
    "column": (str, CORRUPTIBLE.__contains__, " or ".join(CORRUPTIBLE)),
}
