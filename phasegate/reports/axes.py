"""Scales, ticks and the frame of a chart, in the units of its view box."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from phasegate.reports.markup import Markup, element, void

# Drawn at about this size on a desktop (two in a row) and a little smaller on a phone, so that
# text keeps a readable size in both.
WIDTH, HEIGHT = 440.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 54.0, 14.0, 10.0, 44.0
SMALLEST = 1e-250  # below it, steps between ticks would leave the range of floating point


@dataclass(frozen=True)
class Scale:
    """A linear map from a data range to a range of the view box."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)


def span(values: Sequence[float], given: tuple[float, float] | None = None) -> tuple[float, float]:
    """The range an axis has to show: given, or that of the finite values, never empty."""
    if given is not None:
        return given
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    largest = max(abs(low), abs(high))
    if high - low <= max(1e-9 * largest, SMALLEST):
        pad = max(0.5 * largest, SMALLEST) if largest else 0.5
        return low - pad, high + pad
    return low, high


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers from low to high: steps of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def tick_labels(values: Sequence[float]) -> list[str]:
    """Labels of ticks, all with as many decimals as their step needs."""
    if len(values) < 2:
        return [f"{value:g}" for value in values]
    step = values[1] - values[0]
    if not 1e-6 <= step < 1e12:
        texts = [f"{value:g}" if value else "0" for value in values]
    else:
        scale, unit = next(
            ((s, u) for s, u in ((1e9, "G"), (1e6, "M"), (1e3, "k")) if step >= s), (1.0, "")
        )
        decimals = max(0, -math.floor(math.log10(step / scale) + 1e-9))
        texts = [f"{value / scale:.{decimals}f}{unit if value else ''}" for value in values]
    return [text.replace("-", "\N{MINUS SIGN}") for text in texts]


def coordinate(value: float) -> str:
    """A coordinate with two decimals: enough to see, and the same on every machine."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def frame(
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    x_label: str,
    y_label: str,
    *,
    height: float = HEIGHT,
) -> tuple[Scale, Scale, Markup]:
    """Both scales of a chart, and its grid, ticks and axis names."""
    x = Scale(*x_range, LEFT, WIDTH - RIGHT)
    y = Scale(*y_range, height - BOTTOM, TOP)
    x_ticks, y_ticks = ticks(*x_range), ticks(*y_range)
    parts = []
    for value, label in zip(y_ticks, tick_labels(y_ticks), strict=True):
        at = coordinate(y(value))
        parts.append(void("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="grid"))
        parts.append(
            element("text", label, x=LEFT - 7, y=at, dy="0.35em", text_anchor="end", class_="tick")
        )
    base = height - BOTTOM
    for value, label in zip(x_ticks, tick_labels(x_ticks), strict=True):
        at = coordinate(x(value))
        parts.append(void("line", x1=at, x2=at, y1=base, y2=base + 4, class_="axis"))
        parts.append(element("text", label, x=at, y=base + 17, text_anchor="middle", class_="tick"))
    parts.append(void("line", x1=LEFT, x2=WIDTH - RIGHT, y1=base, y2=base, class_="axis"))
    middle = coordinate((LEFT + WIDTH - RIGHT) / 2)
    parts.append(
        element("text", x_label, x=middle, y=height - 6, text_anchor="middle", class_="name")
    )
    turn = f"translate(13 {coordinate((TOP + base) / 2)}) rotate(-90)"
    parts.append(element("text", y_label, transform=turn, text_anchor="middle", class_="name"))
    return x, y, element("g", *parts)


def drawing(title: str, *content: object, height: float = HEIGHT) -> Markup:
    """An SVG that screen readers announce by its title."""
    return element(
        "svg",
        element("title", title),
        *content,
        viewBox=f"0 0 {WIDTH:g} {coordinate(height)}",
        role="img",
        aria_label=title,
    )
