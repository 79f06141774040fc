"""Cron as the backend of Kubeflow Pipelines reads it: six fields, the first of which are seconds.

The backend uses version 1.2.0 of github.com/robfig/cron; `tests/scheduling/data` holds what that
answers. Libraries for Python read other dialects: minutes first, 7 for Sunday, L and #, another
meaning of a restricted day of the month beside a restricted day of the week. Hence our own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ALIASES = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_YEARS = 5  # the backend looks no further ahead


@dataclass(frozen=True, slots=True)
class _Bounds:
    what: str
    low: int
    high: int
    names: tuple[str, ...] = ()


BOUNDS = (
    _Bounds("second", 0, 59),
    _Bounds("minute", 0, 59),
    _Bounds("hour", 0, 23),
    _Bounds("day of the month", 1, 31),
    _Bounds("month", 1, 12, _MONTHS),
    _Bounds("day of the week", 0, 6, _DAYS),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a cron expression.

    Attributes:
        values: what it matches.
        star: whether it says ``*`` or ``?``, with or without a step: days are matched by both of
            their fields then, and by either of them otherwise.
    """

    values: frozenset[int]
    star: bool


@dataclass(frozen=True, slots=True)
class Cron:
    """A valid cron expression.

    Attributes:
        text: six fields, with single spaces.
        second, minute, hour, day, month, weekday: the fields.
    """

    text: str
    second: Field
    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field

    def matches(self, day: date) -> bool:
        """Whether there are runs on a day."""
        if day.month not in self.month.values:
            return False
        by_day = day.day in self.day.values
        by_weekday = day.isoweekday() % 7 in self.weekday.values
        if self.day.star or self.weekday.star:
            return by_day and by_weekday
        return by_day or by_weekday

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The first time after a moment, in UTC; None: there is none within five years.

        An hour that the clocks skip has no runs, one that they repeat has them twice.
        """
        local = moment.astimezone(zone)
        day, last = local.date(), local.year + _YEARS
        earliest = max(local.hour - 2, 0)  # clocks are not put back by more
        while day.year <= last:
            if self.matches(day):
                found = [
                    one
                    for fold in (0, 1)
                    if (one := self._first(day, fold, earliest, moment, zone)) is not None
                ]
                if found:
                    return min(found)
            day, earliest = day + timedelta(days=1), 0
        return None

    def times(self, moment: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Times after a moment, in UTC."""
        found = self.after(moment, zone)
        while found is not None:
            yield found
            found = self.after(found, zone)

    def _first(
        self, day: date, fold: int, earliest: int, moment: datetime, zone: ZoneInfo
    ) -> datetime | None:
        for hour in sorted(one for one in self.hour.values if one >= earliest):
            for minute in sorted(self.minute.values):
                for second in sorted(self.second.values):
                    wall = datetime(day.year, day.month, day.day, hour, minute, second,
                                    tzinfo=zone, fold=fold)  # fmt: skip
                    exact = wall.astimezone(UTC)
                    if exact <= moment:
                        continue
                    back = exact.astimezone(zone)
                    if back.fold == fold and (back.hour, back.minute) == (hour, minute):
                        return exact
        return None


def parse(text: str) -> Cron:
    """Read a cron expression.

    Args:
        text: six fields, or one of ``@hourly``, ``@daily``, ``@weekly``, ``@monthly``, ``@yearly``.

    Raises:
        ValueError: saying what is wrong, in plain words.
    """
    words = _ALIASES.get(text.strip(), text).split()
    if words and words[0].startswith("@"):
        raise ValueError(f"{words[0]} is none of {', '.join(sorted(_ALIASES))}")
    if words and words[0].startswith(("TZ=", "CRON_TZ=")):
        raise ValueError("the backend knows no time zone in a cron expression; 'zone' is a key")
    if len(words) == 5:
        raise ValueError(
            "it has five fields, and the backend's first field is the second: it would read"
            f" '{' '.join(words)}' with minutes as seconds and hours as minutes;"
            f" put a second in front, as in '0 {' '.join(words)}'"
        )
    if len(words) != 6:
        raise ValueError(
            f"it has {len(words)} fields and not six:"
            " second, minute, hour, day of the month, month, day of the week"
        )
    fields = [_field(word, bounds) for word, bounds in zip(words, BOUNDS, strict=True)]
    return Cron(" ".join(words), *fields)


def _field(word: str, bounds: _Bounds) -> Field:
    values: set[int] = set()
    star = False
    for part in word.split(","):
        if not part:
            raise ValueError(f"the {bounds.what} '{word}' has an empty part")
        low, high, step, every = _range(part, bounds)
        values.update(range(low, high + 1, step))
        star = star or every
    return Field(frozenset(values), star)


def _range(part: str, bounds: _Bounds) -> tuple[int, int, int, bool]:
    span, slash, step_text = part.partition("/")
    low_text, dash, high_text = span.partition("-")
    star = span in ("*", "?")
    low, high = bounds.low, bounds.high
    if not star:
        low = _number(low_text, part, bounds)
        if dash:
            high = _number(high_text, part, bounds)
        elif not slash:
            high = low
    step = 1
    if slash:
        if not (step_text.isascii() and step_text.isdigit()) or int(step_text) == 0:
            raise ValueError(f"the {bounds.what} '{part}' has a step that is no positive number")
        step = int(step_text)
    if low > high:
        raise ValueError(f"the {bounds.what} '{part}' begins after its end")
    return low, high, step, star


def _number(text: str, part: str, bounds: _Bounds) -> int:
    if text.lower() in bounds.names:
        return bounds.names.index(text.lower()) + bounds.low
    allowed = f"{bounds.low} to {bounds.high}"
    if bounds.names:
        allowed += f" or {bounds.names[0]} to {bounds.names[-1]}"
    if not (text.isascii() and text.isdigit()) or not bounds.low <= int(text) <= bounds.high:
        raise ValueError(f"the {bounds.what} '{part}' is not within {allowed}")
    return int(text)
