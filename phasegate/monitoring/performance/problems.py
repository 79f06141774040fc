"""What is wrong with labels, scores or log, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from phasegate.monitoring.performance.tally import WindowTally
from phasegate.monitoring.policy import PerformanceRules
from phasegate.monitoring.profile import Profile


def problems_of(
    tallies: Sequence[WindowTally], profile: Profile, has_labels: bool, rules: PerformanceRules
) -> tuple[str, ...]:
    """Sentences on what tallies show.

    Args:
        tallies: in order of time.
        profile: of the present champion.
        has_labels: whether the profile's labelled rows can be used.
        rules: with the shares that are allowed.
    """
    return tuple(_problems(tallies, profile, has_labels, rules))


def _problems(
    tallies: Sequence[WindowTally], profile: Profile, has_labels: bool, rules: PerformanceRules
) -> Iterator[str]:
    if not tallies:
        yield "No user was answered in the whole history: there is nothing to measure."
        return
    own = [one for one in tallies if one.model_digest == profile.model_digest]
    if not own:
        yield (
            f"No user was answered by model {profile.model_digest[:12]}, which the reference"
            " belongs to: nothing can be estimated."
        )
    elif not has_labels:
        yield "The reference has no labelled rows that can be used: nothing can be estimated."
    yield from _over(
        tallies,
        lambda one: one.unlabelled,
        lambda one: one.rows - one.pending,
        rules.unlabelled,
        "Labels are missing for {count} of {of} rows that are old enough ({share:.1%}; {limit:.1%}"
        " may be) in {windows}.",
    )
    yield from _over(
        tallies,
        lambda one: one.contradictory,
        lambda one: one.confusion.rows + one.contradictory,
        rules.contradictory,
        "Labels contradict each other for {count} of {of} labelled rows ({share:.1%}; {limit:.1%}"
        " may) in {windows}; those rows are left out.",
    )
    if unscored := sum(one.unscored for one in tallies):
        yield (
            f"{unscored:,} answers have no finite score: their decisions are measured, and they"
            " are left out of estimates."
        )


def _over(
    tallies: Sequence[WindowTally],
    count: Callable[[WindowTally], int],
    of: Callable[[WindowTally], int],
    limit: float,
    sentence: str,
) -> Iterator[str]:
    """One sentence on all windows in which a share is above its limit."""
    found = [one for one in tallies if of(one) and count(one) > limit * of(one)]
    if not found:
        return
    total, rows = sum(map(count, found)), sum(map(of, found))
    first, last = found[0].since, max(one.until for one in found)
    windows = (
        f"{len(found)} window{'s' * (len(found) > 1)} from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    )
    yield sentence.format(
        count=f"{total:,}", of=f"{rows:,}", share=total / rows, limit=limit, windows=windows
    )
