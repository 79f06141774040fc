"""Profiles from tables: what reference rows were like, on edges that suit them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phasegate.errors import BadInput
from phasegate.features.definitions import FeatureDefinitions
from phasegate.models.encoding import NUMERIC, Input
from phasegate.models.model import Model
from phasegate.monitoring.binning import Bins
from phasegate.monitoring.columns import kind_of, numbers, text
from phasegate.monitoring.edges import edges
from phasegate.monitoring.profile import (
    MOST_CATEGORIES,
    CategoricalReference,
    NumericReference,
    Profile,
    Reliability,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000
SCORE = "score"


def monitored(model: Model, sensitive: Mapping[str, str]) -> tuple[Input, ...]:
    """Inputs of a model whose distribution means something, and that the log holds as they are.

    Parts of the calendar only tell the time. Personal data are hashed or dropped before they are
    logged: there is nothing to compare them with.

    Args:
        model: whose inputs they are.
        sensitive: rules of personal columns, `serving.log.sensitive`.
    """
    calendar = FeatureDefinitions.parse(
        model.definitions["features"], model.definitions["data"]
    ).calendar
    left_out = {*sensitive, *(calendar.names() if calendar else ())}
    return tuple(one for one in model.inputs if one.name not in left_out)


def make_profile(
    features: pa.Table,
    columns: Sequence[Input],
    *,
    name: str,
    model_digest: str,
    features_digest: str,
    threshold: float,
    scores: np.ndarray,
    decisions: np.ndarray,
    labels: np.ndarray,
    times: np.ndarray | None,
) -> Profile:
    """The profile of reference rows; the same bytes for the same rows in any order.

    Args:
        features: of the rows.
        columns: those of them that are monitored.
        name: of the model.
        model_digest: that identifies its bytes.
        features_digest: of the feature set.
        threshold: score at and above which it decides 1.
        scores: float64 [rows].
        decisions: 0 or 1 [rows].
        labels: 0 or 1 [rows].
        times: event times, int64 microseconds since 1970 UTC [rows]; None without.

    Raises:
        BadInput: there are no rows, or a numeric column holds what is no number.
    """
    if len(features) == 0:
        raise BadInput("there are no reference rows", where="profile")
    score = numeric_reference(SCORE, np.asarray(scores, np.float64))
    return Profile(
        name=name,
        model_digest=model_digest,
        features_digest=features_digest,
        threshold=float(threshold),
        rows=len(features),
        positive=int(np.count_nonzero(decisions)),
        since=None if times is None else _moment(times.min()),
        until=None if times is None else _moment(times.max()),
        **references(features, columns),
        scores=score,
        reliability=_reliability(score, scores, decisions, labels),
        daily_rows=() if times is None else _daily(times),
    )


def table_profile(
    table: pa.Table, columns: Sequence[Input], *, name: str, times: np.ndarray | None = None
) -> Profile:
    """The profile of a plain table, of which there is no model and no score.

    Raises:
        BadInput: there are no rows, or a numeric column holds what is no number.
    """
    if len(table) == 0:
        raise BadInput("there are no reference rows", where=name)
    return Profile(
        name=name,
        model_digest="",
        features_digest="",
        threshold=math.nan,
        rows=len(table),
        positive=0,
        since=None if times is None else _moment(times.min()),
        until=None if times is None else _moment(times.max()),
        **references(table, columns),
        scores=numeric_reference(SCORE, np.full(len(table), math.nan)),
        reliability=Reliability((0,), (0,), (0.0,), 0, 0, 0),
        daily_rows=() if times is None else _daily(times),
    )


def kinds(table: pa.Table) -> tuple[Input, ...]:
    """Columns of a plain table and how they are compared; times and nested values are left out."""
    found = ((one.name, kind_of(one.type)) for one in table.schema)
    return tuple(Input(name, kind) for name, kind in found if kind is not None)


def references(table: pa.Table, columns: Sequence[Input]) -> dict[str, Any]:
    """`numeric` and `categorical` references of a table's columns, as `Profile` takes them.

    Raises:
        BadInput: a numeric column holds what is no number.
    """
    numeric: list[NumericReference] = []
    categorical: list[CategoricalReference] = []
    for one in columns:
        column = table[one.name]
        if one.kind == NUMERIC:
            numeric.append(numeric_reference(one.name, _numbers(one.name, column)))
        else:
            categorical.append(categorical_reference(one.name, column))
    return {"numeric": tuple(numeric), "categorical": tuple(categorical)}


def numeric_reference(name: str, values: np.ndarray) -> NumericReference:
    """A numeric column, float64 [rows], NaN where missing."""
    finite = values[np.isfinite(values)]
    missing = int(np.count_nonzero(np.isnan(values)))
    of = edges(finite)
    return NumericReference(
        name=name,
        edges=of,
        counts=tuple(Bins(of).count(finite).tolist()),
        missing=missing,
        infinite=len(values) - len(finite) - missing,
        low=float(finite.min()) + 0.0 if len(finite) else math.nan,
        high=float(finite.max()) + 0.0 if len(finite) else math.nan,
    )


def categorical_reference(name: str, column: pa.ChunkedArray) -> CategoricalReference:
    """A column of categories; of equally frequent ones the first in order are listed."""
    tally = pc.value_counts(text(column).combine_chunks()).to_pylist()
    missing = sum(one["counts"] for one in tally if one["values"] is None)
    known = [(one["values"], one["counts"]) for one in tally if one["values"] is not None]
    known.sort(key=lambda one: (-one[1], one[0]))
    listed = sorted(known[:MOST_CATEGORIES])
    return CategoricalReference(
        name=name,
        categories=tuple(category for category, _ in listed),
        counts=tuple(count for _, count in listed),
        others=sum(count for _, count in known[MOST_CATEGORIES:]),
        missing=missing,
    )


def _numbers(name: str, column: pa.ChunkedArray) -> np.ndarray:
    values, invalid = numbers(column)
    if invalid is not None and invalid.any():
        example = column.filter(pa.array(invalid))[0].as_py()
        raise BadInput(
            f"{int(invalid.sum())} values are no numbers, such as {str(example)[:40]!r}",
            where=f"column {name!r}",
            expected="numbers, or null where missing",
        )
    return values


def _reliability(
    score: NumericReference, scores: np.ndarray, decisions: np.ndarray, labels: np.ndarray
) -> Reliability:
    scores = np.asarray(scores, np.float64)
    is_one, is_decided = np.asarray(labels) == 1, np.asarray(decisions) == 1
    is_finite = np.isfinite(scores)
    of, bins = Bins(score.edges).of(scores[is_finite]), len(score.counts)
    positive = np.bincount(of, weights=is_one[is_finite], minlength=bins)
    # Summed in order of size: rows in another order give the same bytes.
    order = np.lexsort((scores[is_finite], of))
    sums = np.bincount(of[order], weights=scores[is_finite][order], minlength=bins)
    above = np.sort(scores[is_finite & is_decided])
    return Reliability(
        rows=score.counts,
        positive=tuple(positive.astype(int).tolist()),
        score=tuple(sums.tolist()),
        decided=int(is_decided.sum()),
        hits=int((is_decided & is_one).sum()),
        misses=int((~is_decided & is_one).sum()),
        decided_score=float(above.sum()),
    )


def _daily(times: np.ndarray) -> tuple[int, ...]:
    """Rows of each UTC day but the first and the last, which may be cut."""
    days = times // DAY
    return tuple(np.bincount(days - days.min())[1:-1].tolist())


def _moment(microseconds: Any) -> datetime:
    return EPOCH + timedelta(microseconds=int(microseconds))
