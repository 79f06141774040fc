"""Numbers as people read them."""

from __future__ import annotations

import math

MISSING = "\N{EN DASH}"


def number(value: float | None, digits: int = 4) -> str:
    """A number with a fixed count of significant digits, thousands set apart.

    None is a dash; a number that is not finite is spelled out, so that it is never overlooked.
    """
    if value is None:
        return MISSING
    if isinstance(value, int):
        return _minus(f"{value:,}")
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return _minus("infinite" if value > 0 else "-infinite")
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    if magnitude < -6:
        return _minus(f"{value:.{digits - 1}e}")
    decimals = max(0, digits - 1 - max(magnitude, -1))
    return _minus(f"{value:,.{decimals}f}")


def percent(value: float | None, decimals: int = 1) -> str:
    """A share between 0 and 1 as a percentage."""
    if value is None:
        return MISSING
    return _minus(f"{100 * value:.{decimals}f} %") if math.isfinite(value) else number(value)


def interval_text(lower: float | None, upper: float | None, digits: int = 4) -> str:
    """An interval, as "0.81 to 0.84"."""
    if lower is None or upper is None:
        return MISSING
    return f"{number(lower, digits)} to {number(upper, digits)}"


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}", 1) if text.startswith("-") else text
