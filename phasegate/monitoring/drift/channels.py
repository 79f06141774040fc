"""Channels of their own: ways to differ that no distance of distributions shows, or hides."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.special import gammainc

from phasegate.monitoring.counts import CategoryCounts, Counts, NumericCounts
from phasegate.monitoring.drift import rules as rule
from phasegate.monitoring.drift.column import Column
from phasegate.monitoring.drift.judgement import Alarm, Channel
from phasegate.monitoring.policy import ChannelRules
from phasegate.monitoring.profile import CategoricalReference, NumericReference, Reference

SURE = -math.log(1e-4)
"""Evidence that channels ask for which drift-free windows never set off."""


def of_column(column: Column, rules: ChannelRules) -> Iterator[Alarm]:
    """Alarms of a column that was compared."""
    if column.unknown:
        yield Alarm(
            Channel.UNKNOWN, column.name, "not a number", "a number",
            f"{column.name} could not be compared: {column.unknown}",
        )  # fmt: skip
    for found in (
        _missing(column, rules), _unseen(column, rules), _invalid(column, rules),
        _varying(column), _constant(column),
    ):  # fmt: skip
        if found is not None:
            yield found


def _missing(column: Column, rules: ChannelRules) -> Alarm | None:
    found = column.found
    if not rule.missing(found, column.spread, column.bound, rules)[0]:
        return None
    now, before = float(found.missing[0]), float(found.reference_missing[0])
    return Alarm(
        Channel.MISSING, column.name, f"{now:.1%}", f"{before:.1%} ± {rules.missing:.1%}",
        f"{column.name} is missing in {now:.1%} of the rows; in {before:.1%} of the reference",
    )  # fmt: skip


def _unseen(column: Column, rules: ChannelRules) -> Alarm | None:
    counts = column.counts
    if not isinstance(counts, CategoryCounts) or not counts.unseen:
        return None
    share, most = counts.unseen / counts.rows, max(rules.unseen, column.spread.unseen)
    # Values that the reference does not have might still be one in as many as it has rows.
    natural = max(column.spread.natural, 1 / max(_rows(column.reference), 1))
    if share <= most or not _more(counts.unseen, counts.rows, natural):
        return None
    examples = ", ".join(repr(one) for one in counts.examples)
    return Alarm(
        Channel.UNSEEN, column.name, f"{share:.1%}", f"at most {most:.1%}",
        f"{column.name} has {counts.unseen:,} values that the reference does not have"
        + (f", such as {examples}" if examples else ""),
    )  # fmt: skip


def _invalid(column: Column, rules: ChannelRules) -> Alarm | None:
    counts, reference = column.counts, column.reference
    if not isinstance(counts, NumericCounts) or not isinstance(reference, NumericReference):
        return None
    number = counts.infinite + counts.invalid
    before = reference.infinite / max(_rows(reference), 1)
    most = max(rules.invalid, column.spread.invalid, before)
    if not number or number / counts.rows <= most:
        return None
    if before and not _more(number, counts.rows, before):
        return None
    return Alarm(
        Channel.INVALID, column.name, f"{number / counts.rows:.2%}", f"at most {most:.2%}",
        f"{column.name} is infinite in {counts.infinite:,} rows, no number in {counts.invalid:,}",
    )  # fmt: skip


def _varying(column: Column) -> Alarm | None:
    """Constant in the reference, and something else now: one row is enough."""
    counts, reference = column.counts, column.reference
    if not reference.is_constant or not column.values:
        return None
    if isinstance(reference, NumericReference) and isinstance(counts, NumericCounts):
        if counts.low == counts.high == reference.low:
            return None
        now = f"{counts.low:g} to {counts.high:g}"
        before = "no value" if math.isnan(reference.low) else f"always {reference.low:g}"
    else:
        was = np.asarray(reference.counts) > 0
        usual = [name for name, is_one in zip(_categories(reference), was, strict=True) if is_one]
        same = int(np.asarray(counts.bins)[was].sum()) if usual else _others(counts)
        if same == column.values:
            return None
        now = f"{column.values - same:,} other values"
        before = f"always {usual[0]!r}" if usual else "no value"
    return Alarm(
        Channel.VARYING, column.name, now, before,
        f"{column.name} is no longer constant: {now}; in the reference {before}",
    )  # fmt: skip


def _constant(column: Column) -> Alarm | None:
    """One value only, where so many of the reference's rows would hardly ever agree."""
    counts, reference = column.counts, column.reference
    if reference.is_constant or not column.values or column.spread.constant:
        return None
    bins = np.asarray(counts.bins)
    if isinstance(counts, NumericCounts):
        if counts.low != counts.high:
            return None
        share, value = _share(reference, int(np.argmax(bins))), f"{counts.low:g}"
    else:
        if counts.others or counts.unseen or (bins > 0).sum() != 1:
            return None
        at = int(np.argmax(bins))
        share, value = _share(reference, at), repr(_categories(reference)[at])
    evidence = math.inf if share <= 0 else -column.values * math.log(share)
    if evidence <= max(column.bound, SURE):
        return None
    return Alarm(
        Channel.CONSTANT, column.name, f"always {value}", "more than one value",
        f"{column.name} is {value} in all {column.values:,} rows that have a value",
    )  # fmt: skip


def _share(reference: Reference, at: int) -> float:
    others = reference.others if isinstance(reference, CategoricalReference) else 0
    return reference.counts[at] / max(sum(reference.counts) + others, 1)


def _categories(reference: Reference) -> tuple[str, ...]:
    return reference.categories if isinstance(reference, CategoricalReference) else ()


def _others(counts: Counts) -> int:
    return counts.others if isinstance(counts, CategoryCounts) else 0


def _rows(reference: Reference) -> int:
    infinite = reference.infinite if isinstance(reference, NumericReference) else 0
    return sum(reference.counts) + reference.missing + infinite


def _more(number: int, rows: int, share: float) -> bool:
    """Whether there are more than a share explains, of rows that come by themselves (Poisson)."""
    return float(gammainc(number, rows * share)) < math.exp(-SURE)
