"""From an estimate, its bounds and a limit to a finding; closed where anything is not a number."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from phasegate.contracts.verdict import Outcome
from phasegate.release.decision import Finding
from phasegate.release.judges.look import Look
from phasegate.reports.numerals import number, percent

Harm = Literal["above", "below"]
"""On which side of the limit harm is."""

_SIGN = {"above": "\N{LESS-THAN OR EQUAL TO}", "below": "\N{GREATER-THAN OR EQUAL TO}"}


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate between two bounds, each at its own error rate.

    Attributes:
        estimate: of what is looked at.
        lower: above it the truth is; at the rate of a false BLOCK where harm is above, of a false
            PASS where it is below.
        upper: below it the truth is; at the other rate.
        units: how many it rests on.
        of: what those are.
    """

    estimate: float
    lower: float
    upper: float
    units: int
    of: str = "requests"


def share(value: float) -> str:
    """A share as a person reads it: small ones need their decimals."""
    shown = 0.0 if abs(value) < 5e-5 else value
    return percent(shown, 1 if not abs(value) < 0.1 else 2)


def weigh(
    look: Look,
    name: str,
    seen: Interval,
    limit: float,
    *,
    harm: Harm = "above",
    blocks_at: float | None = None,
    show: Callable[[float], str] = share,
) -> Finding:
    """BLOCK where the bound towards harm is beyond the limit, PASS where the other one is not.

    Args:
        limit: that PASS needs the far bound to be within.
        harm: side of the limit on which harm is.
        blocks_at: limit that BLOCK needs the near bound to be beyond, where the limit is itself
            not known exactly; else ``limit``.
        show: a number as a person reads it.
    """
    blocks_at = limit if blocks_at is None else blocks_at
    near, far = (seen.lower, seen.upper) if harm == "above" else (seen.upper, seen.lower)
    is_known = seen.units > 0 and math.isfinite(seen.estimate)
    sign = 1 if harm == "above" else -1
    allowed = f"the {show(limit)} that {'is allowed' if harm == 'above' else 'it must be'}"
    if is_known and _finite(near, blocks_at) and sign * near > sign * blocks_at:
        outcome, tail = Outcome.BLOCK, f"{'more' if harm == 'above' else 'less'} than {allowed}"
    elif is_known and _finite(far, limit) and sign * far <= sign * limit:
        outcome = Outcome.PASS
        tail = f"no {'more' if harm == 'above' else 'less'} than {allowed}"
    else:
        outcome = Outcome.INCONCLUSIVE
        tail = f"not enough to tell it from {allowed}"
    observed = f"{show(seen.estimate)}, between {show(seen.lower)} and {show(seen.upper)}"
    return Finding(
        name=name,
        outcome=outcome,
        guardrail=look.guardrail,
        observed=observed,
        required=f"{_SIGN[harm]} {show(limit)}",
        reason=f"{name}: {observed}, over {number(seen.units)} {seen.of}: {tail}",
        estimate=seen.estimate,
        lower=seen.lower,
        upper=seen.upper,
        limit=limit,
        units=seen.units,
    )


def measured(
    look: Look,
    name: str,
    estimate: float,
    outcome: Outcome,
    units: int,
    *,
    of: str,
    harm: Harm,
    why: str,
    show: Callable[[float], str] = share,
) -> Finding:
    """A finding on a number that is what it is, without bounds."""
    limit = look.gate.limit
    return Finding(
        name=name,
        outcome=outcome,
        guardrail=look.guardrail,
        observed=show(estimate),
        required=f"{_SIGN[harm]} {show(limit)}",
        reason=f"{name}: {show(estimate)}, over {number(units)} {of}: {why}",
        estimate=estimate,
        lower=math.nan,
        upper=math.nan,
        limit=limit,
        units=units,
    )  # fmt: skip


def unknown(look: Look, name: str, why: str, units: int = 0) -> Finding:
    """INCONCLUSIVE, for a reason."""
    return Finding(
        name=name,
        outcome=Outcome.INCONCLUSIVE,
        guardrail=look.guardrail,
        observed=f"not known: {why}",
        required="to be known",
        reason=f"{name}: {why}",
        estimate=math.nan,
        lower=math.nan,
        upper=math.nan,
        limit=math.nan,
        units=units,
    )


def _finite(*values: float) -> bool:
    return all(math.isfinite(value) for value in values)
