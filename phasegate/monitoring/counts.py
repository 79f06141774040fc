"""Windows of predictions as counts on a profile's fixed edges: they add up, in any order.

Integers have one sum, so that replicas, hours and segments can be counted apart and merged later,
and the same rows give the same counts whoever counted them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from phasegate.errors import BadInput
from phasegate.monitoring.profile import Profile

EXAMPLES = 5


@dataclass(frozen=True, eq=False, slots=True)
class NumericCounts:
    """Values of a numeric column.

    Attributes:
        bins: finite values, int64 [edges + 1]: bin i holds those above edge i - 1 and up to edge i.
        missing: nulls and NaN.
        infinite: plus or minus infinity.
        invalid: what is no number at all.
        low, high: smallest and largest finite value; inf and -inf where there is none.
    """

    bins: np.ndarray
    missing: int = 0
    infinite: int = 0
    invalid: int = 0
    low: float = math.inf
    high: float = -math.inf

    @property
    def finite(self) -> int:
        """Finite values."""
        return int(self.bins.sum())

    @property
    def rows(self) -> int:
        """All values, whatever they are."""
        return self.finite + self.missing + self.infinite + self.invalid

    def __add__(self, other: NumericCounts) -> NumericCounts:
        return NumericCounts(
            self.bins + other.bins,
            self.missing + other.missing,
            self.infinite + other.infinite,
            self.invalid + other.invalid,
            min(self.low, other.low),
            max(self.high, other.high),
        )


@dataclass(frozen=True, eq=False, slots=True)
class CategoryCounts:
    """Values of a categorical column.

    Attributes:
        bins: int64 [categories], in the order of the profile's categories.
        unseen: values that the profile has not seen; those of a profile that does not list all of
            its categories are counted as `others`.
        others: values beyond the listed categories, where the profile has some too.
        missing: nulls.
        examples: the smallest few of the distinct values counted as unseen, sorted.
    """

    bins: np.ndarray
    unseen: int = 0
    others: int = 0
    missing: int = 0
    examples: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """All values."""
        return int(self.bins.sum()) + self.unseen + self.others + self.missing

    def __add__(self, other: CategoryCounts) -> CategoryCounts:
        return CategoryCounts(
            self.bins + other.bins,
            self.unseen + other.unseen,
            self.others + other.others,
            self.missing + other.missing,
            tuple(sorted({*self.examples, *other.examples})[:EXAMPLES]),
        )


Counts = NumericCounts | CategoryCounts


@dataclass(frozen=True, eq=False, slots=True)
class WindowCounts:
    """Predictions of one model in some span of event time.

    Attributes:
        profile: digest of the profile whose edges these are.
        rows: answered rows.
        failed: requests without an answer.
        positive: rows decided 1.
        scores: of the answers.
        features: by name: each monitored feature of the profile.
        first, last: earliest and latest event time; None where there are no rows.
    """

    profile: str
    rows: int
    failed: int
    positive: int
    scores: NumericCounts
    features: Mapping[str, Counts]
    first: datetime | None = None
    last: datetime | None = None

    @classmethod
    def none(cls, profile: Profile) -> WindowCounts:
        """Of no rows."""
        return cls(
            profile.digest, 0, 0, 0,
            NumericCounts(np.zeros(len(profile.scores.edges) + 1, np.int64)),
            {one.name: _nothing(one) for one in profile.features},
        )  # fmt: skip

    def __add__(self, other: WindowCounts) -> WindowCounts:
        """Both together.

        Raises:
            BadInput: they are counted on the edges of different profiles.
        """
        if other.profile != self.profile:
            raise BadInput(
                f"counts of profile {other.profile[:12]} cannot be added to those of "
                f"{self.profile[:12]}: their edges differ",
                where="monitoring",
                expected="windows of one model, counted on its own profile",
            )
        times = [one for one in (self.first, other.first) if one is not None]
        ends = [one for one in (self.last, other.last) if one is not None]
        return WindowCounts(
            self.profile,
            self.rows + other.rows,
            self.failed + other.failed,
            self.positive + other.positive,
            self.scores + other.scores,
            {name: mine + other.features[name] for name, mine in self.features.items()},  # type: ignore[operator]
            min(times, default=None),
            max(ends, default=None),
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` reads them."""
        return {
            "profile": self.profile,
            "rows": self.rows,
            "failed": self.failed,
            "positive": self.positive,
            "scores": _plain(self.scores),
            "features": {name: _plain(one) for name, one in self.features.items()},
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any], profile: Profile, where: str) -> WindowCounts:
        """The counts of JSON values, which may come from anywhere.

        Raises:
            BadInput: they are no counts, or not of this profile.
        """
        try:
            if value["profile"] != profile.digest:
                raise BadInput(
                    f"counts of profile {str(value['profile'])[:12]}",
                    where=where,
                    expected=f"those of profile {profile.digest[:12]}",
                    fix="they belong to another model: read them with its profile",
                )
            empty = cls.none(profile)
            counts = cls(
                profile.digest,
                _count(value["rows"]),
                _count(value["failed"]),
                _count(value["positive"]),
                _read(empty.scores, value["scores"]),
                {name: _read(one, value["features"][name]) for name, one in empty.features.items()},
                _time(value["first"]),
                _time(value["last"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(f"these are no counts ({error!r})", where=where) from None
        for name, one in {"scores": counts.scores, **counts.features}.items():
            if one.rows != counts.rows:
                raise BadInput(
                    f"{name} has {one.rows} values of {counts.rows} rows", where=where,
                    expected="as many values as rows in each column",
                )  # fmt: skip
        return counts


def _nothing(feature: Any) -> Counts:
    if feature.kind == "numeric":
        return NumericCounts(np.zeros(len(feature.edges) + 1, np.int64))
    return CategoryCounts(np.zeros(len(feature.categories), np.int64))


def _plain(counts: Counts) -> dict[str, Any]:
    if isinstance(counts, CategoryCounts):
        return {
            "bins": counts.bins.tolist(),
            "unseen": counts.unseen,
            "others": counts.others,
            "missing": counts.missing,
            "examples": list(counts.examples),
        }
    return {
        "bins": counts.bins.tolist(),
        "missing": counts.missing,
        "infinite": counts.infinite,
        "invalid": counts.invalid,
        "low": counts.low if counts.finite else None,
        "high": counts.high if counts.finite else None,
    }


def _read(empty: Any, value: Mapping[str, Any]) -> Any:
    bins = np.array([_count(one) for one in value["bins"]], np.int64)
    if bins.shape != empty.bins.shape:
        raise ValueError(f"{len(bins)} bins, not {len(empty.bins)}")
    if isinstance(empty, CategoryCounts):
        examples = tuple(value["examples"])
        if len(examples) > EXAMPLES or not all(isinstance(one, str) for one in examples):
            raise ValueError("examples")
        others = (_count(value[name]) for name in ("unseen", "others", "missing"))
        return CategoryCounts(bins, *others, examples)
    numbers = [_count(value[name]) for name in ("missing", "infinite", "invalid")]
    if bins.sum() == 0:
        return replace(NumericCounts(bins, *numbers))
    low, high = float(value["low"]), float(value["high"])
    if not low <= high:
        raise ValueError("low and high")
    return NumericCounts(bins, *numbers, low, high)


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise ValueError(f"{str(value)[:40]!r} is no count")
    return value


def _time(value: Any) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return moment
