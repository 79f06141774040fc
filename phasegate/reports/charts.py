"""Charts as inline SVG. Colours and line styles come from the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from phasegate.reports.axes import (
    WIDTH,
    Scale,
    coordinate,
    drawing,
    frame,
    span,
    tick_labels,
    ticks,
)
from phasegate.reports.markup import Markup, element, void
from phasegate.reports.numerals import number
from phasegate.reports.shapes import COLOURS, box, centred, dot, segment, text


@dataclass(frozen=True)
class Series:
    """A named line: x and y of equal length; a point that is not finite is a gap."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    step: bool = False


@dataclass(frozen=True)
class Mark:
    """A named point on a chart, such as the chosen threshold; `series` gives it its colour."""

    name: str
    x: float
    y: float
    series: int = 0


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval; `group` puts intervals of one row side by side."""

    label: str
    estimate: float
    lower: float
    upper: float
    group: int = 0


@dataclass(frozen=True)
class Bin:
    """One bin of a calibration curve: mean score, observed share, and its interval."""

    predicted: float
    observed: float
    lower: float
    upper: float
    rows: int


def line_chart(
    title: str,
    series: Sequence[Series],
    *,
    x_label: str,
    y_label: str,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    diagonal: bool = False,
    marks: Sequence[Mark] = (),
) -> Markup:
    """Lines over two linear axes, with a legend when there is more than one."""
    x_range = span([v for s in series for v in s.x], x_range)
    y_range = span([v for s in series for v in s.y], y_range)
    x, y, axes = frame(x_range, y_range, x_label, y_label)
    parts: list[Markup] = [axes]
    if diagonal:
        parts.append(segment(x(x_range[0]), y(y_range[0]), x(x_range[1]), y(y_range[1]), "guide"))
    for index, line in enumerate(series):
        parts.append(void("path", d=_path(line, x, y), class_=f"line s{index % COLOURS}"))
    for mark in marks:
        if math.isfinite(mark.x) and math.isfinite(mark.y):
            parts.append(dot(x(mark.x), y(mark.y), mark.series, mark.name, radius=4.5))
    legend = [(line.name, index) for index, line in enumerate(series)]
    return _with_legend(drawing(title, *parts), legend, "line")


def bar_chart(
    title: str, bars: Sequence[tuple[str, float]], *, x_label: str = "", limit: float | None = None
) -> Markup:
    """Horizontal bars from zero, each under its own label; `limit` is drawn as a line across."""
    row = 34.0
    values = [value for _, value in bars] + [0.0] + ([limit] if limit is not None else [])
    base = row * len(bars)
    x = Scale(*span(values), 8, WIDTH - 70)
    parts: list[Markup] = [_bottom_axis(x, base, x_label)]
    for index, (label, value) in enumerate(bars):
        top = index * row
        parts.append(text(label, 8, top + 13, "label"))
        if not math.isfinite(value):
            parts.append(text(number(value), 8, top + 27, "tick"))
            continue
        left, right = sorted((x(0.0), x(value)))
        parts.append(box(left, top + 18, max(right - left, 0.5), 10, "bar s0"))
        parts.append(text(number(value), right + 6, top + 27, "tick"))
    if limit is not None:
        parts.append(segment(x(limit), 0, x(limit), base, "limit"))
    return drawing(title, *parts, height=base + _axis_height(x_label))


def histogram(
    title: str,
    edges: Sequence[float],
    groups: Mapping[str, Sequence[float]],
    *,
    x_label: str,
    y_label: str = "rows",
    mark: float | None = None,
) -> Markup:
    """Counts between edges, groups drawn over each other, and `mark` as a line down.

    Args:
        edges: n + 1 ascending numbers.
        groups: n counts (or shares) for each named group.
    """
    top = max((value for counts in groups.values() for value in counts), default=1.0) or 1.0
    x, y, axes = frame((edges[0], edges[-1]), (0.0, top * 1.04), x_label, y_label)
    parts: list[Markup] = [axes]
    for index, counts in enumerate(groups.values()):
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
            if count > 0:
                parts.append(
                    box(
                        x(low) + 0.4,
                        y(count),
                        max(x(high) - x(low) - 0.8, 0.4),
                        y(0.0) - y(count),
                        f"bar over s{index % COLOURS}",
                    )
                )
    if mark is not None and math.isfinite(mark):
        parts.append(segment(x(mark), y(0.0), x(mark), y(top * 1.04), "limit"))
    legend = [(name, index) for index, name in enumerate(groups)]
    return _with_legend(drawing(title, *parts), legend, "box")


def calibration_chart(title: str, models: Mapping[str, Sequence[Bin]]) -> Markup:
    """Observed share over mean score, per model and bin, against the diagonal of honest scores."""
    # The scores of a rare class may all be small: show where they are.
    ends = [end for bins in models.values() for b in bins for end in (b.predicted, b.upper)]
    top = min(1.0, 1.05 * max(ends, default=1.0))
    unit = (0.0, top if top > 0 else 1.0)
    x, y, axes = frame(unit, unit, "mean score of a bin", "share that was positive")
    parts: list[Markup] = [axes, segment(x(0), y(0), x(unit[1]), y(unit[1]), "guide")]
    for index, bins in enumerate(models.values()):
        line = Series("", [b.predicted for b in bins], [b.observed for b in bins])
        parts.append(void("path", d=_path(line, x, y), class_=f"line thin s{index % COLOURS}"))
        for item in bins:
            at, style = x(item.predicted), f"whisker s{index % COLOURS}"
            parts.append(segment(at, y(item.lower), at, y(item.upper), style))
            said = f"{number(item.rows)} rows: score {number(item.predicted, 3)}, "
            said += f"observed {number(item.observed, 3)}"
            parts.append(dot(at, y(item.observed), index, said, radius=3))
    legend = [(name, index) for index, name in enumerate(models)]
    return _with_legend(drawing(title, *parts), legend, "line")


def interval_chart(
    title: str,
    intervals: Sequence[Interval],
    *,
    x_label: str = "",
    x_range: tuple[float, float] | None = None,
    limit: float | None = None,
    groups: Sequence[str] = (),
) -> Markup:
    """Estimates with their intervals, one under the other; `limit` is drawn as a line across.

    Neighbours with the same label share it, so that models can be compared row by row.
    """
    values = [v for i in intervals for v in (i.lower, i.upper, i.estimate)]
    values += [limit] if limit is not None else []
    low, high = span(values, x_range)
    pad = 0.0 if x_range else (high - low) * 0.04
    x = Scale(low - pad, high + pad, 8, WIDTH - 12)
    parts: list[Markup] = []
    top, previous = 0.0, None
    for item in intervals:
        if item.label != previous:
            top += 6.0 if previous is not None else 0.0
            parts.append(text(item.label, 8, top + 12, "label"))
            top += 18.0
            previous = item.label
        middle, colour = top + 6, item.group % COLOURS
        ends = (item.lower, item.upper)
        if all(math.isfinite(end) for end in ends):
            parts.append(segment(x(ends[0]), middle, x(ends[1]), middle, f"span s{colour}"))
        if math.isfinite(item.estimate):
            said = f"{item.label}: {number(item.estimate)}"
            if all(math.isfinite(end) for end in ends):
                said += f", {number(ends[0])} to {number(ends[1])}"
            parts.append(dot(x(item.estimate), middle, item.group, said, radius=4))
        else:
            parts.append(text("not defined", 8, middle + 4, "tick"))
        top += 13.0
    base = top + 4
    if limit is not None:
        parts.insert(0, segment(x(limit), 0, x(limit), base, "limit"))
    parts.insert(0, _bottom_axis(x, base, x_label))
    height = base + _axis_height(x_label)
    legend = [(name, index) for index, name in enumerate(groups)]
    return _with_legend(drawing(title, *parts, height=height), legend, "line")


def _bottom_axis(x: Scale, base: float, label: str) -> Markup:
    parts = [segment(8, base, WIDTH - 12, base, "axis")]
    values = ticks(x.low, x.high)
    for value, said in zip(values, tick_labels(values), strict=True):
        parts.append(segment(x(value), 0, x(value), base, "grid"))
        parts.append(centred(said, x(value), base + 15, "tick"))
    if label:
        parts.append(centred(label, (x.start + x.end) / 2, base + 34, "name"))
    return element("g", *parts)


def _axis_height(label: str) -> float:
    return 40.0 if label else 22.0


def _path(line: Series, x: Scale, y: Scale) -> str:
    commands, pen_down, last = [], False, 0.0
    for value, height in zip(line.x, line.y, strict=True):
        if not (math.isfinite(value) and math.isfinite(height)):
            pen_down = False
            continue
        right, up = x(value), y(height)
        if pen_down and line.step:
            commands.append(f"L{coordinate(right)} {coordinate(last)}")
        commands.append(f"{'L' if pen_down else 'M'}{coordinate(right)} {coordinate(up)}")
        pen_down, last = True, up
    return "".join(commands)


def _with_legend(svg: Markup, names: Sequence[tuple[str, int]], shape: str) -> Markup:
    if len(names) < 2:
        return svg
    keys = []
    for name, index in names:
        style = f"s{index % COLOURS}"
        sample = (
            void("line", x1=1, x2=25, y1=6, y2=6, class_=f"line {style}")
            if shape == "line"
            else void("rect", x=7, y=1, width=11, height=11, class_=f"bar {style}")
        )
        key = element("svg", sample, viewBox="0 0 26 12", aria_hidden="true")
        keys.append(element("li", key, name))
    return element("div", element("ul", *keys, class_="legend"), svg)
