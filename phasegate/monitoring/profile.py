"""What a model's inputs and scores were like when it was trained: the reference of all windows.

Quantile edges and counts, not rows: a few tens of kilobytes, no personal data but the values of
categories, and one digest that windows, reports and decisions name.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

from phasegate.digests import canonical_json, digest_bytes
from phasegate.errors import BadInput
from phasegate.values import from_json, to_json

BINS = 128
MOST_CATEGORIES = 256
VERSION = 1


@dataclass(frozen=True, slots=True)
class NumericReference:
    """A numeric column in the reference.

    Attributes:
        name: of the feature; ``score`` for the scores.
        edges: rising; of [edges + 1] bins, bin i holds values above edge i - 1 and up to edge i.
        counts: finite reference values in each bin.
        missing: nulls and NaN.
        infinite: infinities.
        low, high: smallest and largest finite value; NaN where there is none.
        kind: of column.
    """

    name: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    missing: int
    infinite: int
    low: float
    high: float
    kind: Literal["numeric"] = "numeric"

    @property
    def is_constant(self) -> bool:
        """Whether all finite values are the same, or there are none."""
        return not self.low < self.high


@dataclass(frozen=True, slots=True)
class CategoricalReference:
    """A categorical column in the reference.

    Attributes:
        name: of the feature.
        categories: the most frequent ones, at most `MOST_CATEGORIES`, sorted.
        counts: of each.
        others: values of categories that are not listed; 0 when all are.
        missing: nulls.
        kind: of column.
    """

    name: str
    categories: tuple[str, ...]
    counts: tuple[int, ...]
    others: int
    missing: int
    kind: Literal["categorical"] = "categorical"

    @property
    def is_constant(self) -> bool:
        """Whether all values are the same, or there are none."""
        return sum(count > 0 for count in self.counts) + (self.others > 0) <= 1


Reference = NumericReference | CategoricalReference


@dataclass(frozen=True, slots=True)
class Reliability:
    """How scores and labels went together on the reference's labelled rows.

    Attributes:
        rows: in each of the bins of the profile's scores, [edges + 1].
        positive: those of them whose label is 1.
        score: sum of the scores in each bin.
        decided: rows decided 1.
        hits: rows decided 1 whose label is 1.
        misses: rows decided 0 whose label is 1.
        decided_score: sum of the scores of rows decided 1, which the threshold's bin lacks; None
            where it was not counted.
    """

    rows: tuple[int, ...]
    positive: tuple[int, ...]
    score: tuple[float, ...]
    decided: int
    hits: int
    misses: int
    decided_score: float | None = None


@dataclass(frozen=True)
class Profile:
    """The reference of one model.

    Attributes:
        name: of the model.
        model_digest: that identifies its bytes.
        features_digest: of the feature set that the rows came from.
        threshold: score at and above which it decides 1.
        rows: reference rows.
        positive: those decided 1.
        since, until: first and last event time of the rows; None without a time column.
        numeric, categorical: monitored features; those that only tell the time are not.
        scores: of the rows.
        reliability: of the rows.
        daily_rows: rows of each whole day of the reference, in order: the usual row rate.
        version: of this format.
    """

    name: str
    model_digest: str
    features_digest: str
    threshold: float
    rows: int
    positive: int
    since: datetime | None
    until: datetime | None
    numeric: tuple[NumericReference, ...]
    categorical: tuple[CategoricalReference, ...]
    scores: NumericReference
    reliability: Reliability
    daily_rows: tuple[int, ...] = ()
    version: int = VERSION

    @property
    def features(self) -> tuple[Reference, ...]:
        """All monitored features."""
        return (*self.numeric, *self.categorical)

    @cached_property
    def content(self) -> bytes:
        """The profile as canonical JSON, which is what its file holds."""
        return canonical_json({**to_json(self), "version": self.version})

    @cached_property
    def digest(self) -> str:
        """Hex sha256 of its content."""
        return digest_bytes(self.content)

    @classmethod
    def from_bytes(cls, content: bytes, where: str, *, digest: str | None = None) -> Profile:
        """Read a profile.

        Raises:
            BadInput: it is none, of another version, or not the one with the digest.
        """
        try:
            value = json.loads(content)
        except ValueError as error:
            raise BadInput(f"this is no profile ({error})", where=where) from None
        if not isinstance(value, dict) or value.get("version") != VERSION:
            raise BadInput("this is no profile", where=where, expected=f"version {VERSION}")
        profile = from_json(cls, value, where)
        profile._check(where)
        if digest is not None and profile.digest != digest:
            raise BadInput(
                f"the profile's digest is {profile.digest}", where=where, expected=digest,
                fix="it was changed, or belongs to another model",
            )  # fmt: skip
        return profile

    def _check(self, where: str) -> None:
        for one in (*self.numeric, self.scores):
            finite = all(math.isfinite(edge) for edge in one.edges)
            rising = all(a < b for a, b in zip(one.edges, one.edges[1:], strict=False))
            if not (finite and rising) or len(one.counts) != len(one.edges) + 1:
                raise BadInput(
                    f"edges of {one.name} do not rise, or counts are missing", where=where
                )
        for two in self.categorical:
            is_sorted = list(two.categories) == sorted(set(two.categories))
            if not is_sorted or len(two.counts) != len(two.categories):
                raise BadInput(f"categories of {two.name} are not sorted and counted", where=where)
