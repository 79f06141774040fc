"""An estimate and its bounds over the looks of a release, against a limit: a small multiple."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from phasegate.release.report.thinning import thinned
from phasegate.release.report.time_axis import TimeScale, moment_text
from phasegate.reports.axes import Scale, coordinate, span, tick_labels, ticks
from phasegate.reports.markup import Markup, element, void
from phasegate.reports.numerals import interval_text, number
from phasegate.reports.shapes import segment, text

WIDTH, HEIGHT = 320.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 50.0, 12.0, 10.0, 24.0
MOST_POINTS = 150
# Bounds are wide at first; the axis follows what comes after this share of the looks.
OPENING = 0.25


def bounds(
    title: str,
    times: Sequence[datetime],
    estimates: Sequence[float],
    lowers: Sequence[float],
    uppers: Sequence[float],
    *,
    limits: float | Sequence[float],
    anew: Sequence[int] = (),
    marks: Sequence[datetime] = (),
    x_range: tuple[datetime, datetime] | None = None,
    harm: Literal["above", "below", ""] = "",
) -> Markup:
    """The course of an estimate between its bounds, and the limit that they are held against.

    A bound that is not finite runs to the edge, if the other one is; an estimate that is not
    finite is a gap. Long curves are thinned; what the axis cannot hold is cut at its edge.

    Args:
        title: read out by screen readers.
        times: ascending, at least one.
        estimates: one per time.
        lowers: lower bounds, one per time.
        uppers: upper bounds, one per time.
        limits: one for all, or one per time.
        anew: positions that nothing joins to the one before, such as after a new start.
        marks: times to draw a line at.
        x_range: first and last time to show, of several charts that stand side by side.
        harm: side of the limit that the bounds must stay clear of; empty where it is not known.
    """
    each = [limits] * len(times) if isinstance(limits, int | float) else list(limits)
    chosen = thinned(len(times), MOST_POINTS, [p for a in anew for p in (a - 1, a)])
    breaks = {chosen.index(position) for position in anew if position in chosen}
    pick = [(times[i], estimates[i], lowers[i], uppers[i], each[i]) for i in chosen]
    moments = [point[0] for point in pick]
    x = TimeScale(*(x_range or (moments[0], moments[-1])), LEFT, WIDTH - RIGHT)
    y = Scale(*_range(pick), HEIGHT - BOTTOM, TOP)
    parts = [x.axis(TOP, HEIGHT - BOTTOM, most=4), *_levels(y)]
    runs = list(_runs(len(pick), breaks))
    for run in runs:
        parts += _band([pick[i] for i in run], x, y)
    parts += [segment(x(at), TOP, x(at), HEIGHT - BOTTOM, "hair") for at in marks[-20:]]
    level = _level([(moment, limit) for moment, *_, limit in pick], x, y)
    if harm and all(math.isfinite(limit) for *_, limit in pick):
        far = coordinate(y.end if harm == "above" else y.start)
        closed = f"{level}V{far}H{coordinate(x.start)}Z"
        parts.append(void("path", d=closed, class_="harm"))
    parts.append(void("path", d=level, class_="limit level"))
    for run in runs:
        points = [(pick[i][0], pick[i][1]) for i in run]
        parts.append(void("path", d=_line(points, x, y), class_="line s0"))
    last = next((p for p in reversed(pick) if math.isfinite(p[1])), None)
    if last:
        parts.append(_last(last, x, y))
    else:
        parts.append(text("no estimate yet", LEFT + 10, TOP + 16, "tick"))
    return element(
        "svg",
        element("title", title),
        *parts,
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        role="img",
        aria_label=title,
    )


Point = tuple[datetime, float, float, float, float]


def _range(points: Sequence[Point]) -> tuple[float, float]:
    settled = points[int(len(points) * OPENING) :]
    values = [value for point in settled for value in point[1:]]
    values += [value for point in points for value in (point[4],)]
    low, high = span(values)
    pad = 0.06 * (high - low)
    # Sums of huge numbers must not leave floating point.
    return (low - pad, high + pad) if math.isfinite(high - low + 2 * pad) else (-1e300, 1e300)


def _levels(y: Scale) -> list[Markup]:
    parts = []
    values = ticks(y.low, y.high, 4)
    for value, label in zip(values, tick_labels(values), strict=True):
        parts.append(segment(LEFT, y(value), WIDTH - RIGHT, y(value), "grid"))
        parts.append(text(label, LEFT - 6, y(value) + 4, "tick", anchor="end"))
    return parts


def _runs(count: int, breaks: set[int]) -> Iterator[range]:
    edges = [0, *sorted(b for b in breaks if 0 < b < count), count]
    for start, end in itertools.pairwise(edges):
        yield range(start, end)


def _band(points: Sequence[Point], x: TimeScale, y: Scale) -> Iterator[Markup]:
    run: list[tuple[float, float, float]] = []
    for moment, _, lower, upper, _ in [*points, (points[-1][0], 0.0, math.nan, math.nan, 0.0)]:
        if math.isfinite(lower) or math.isfinite(upper):
            low = y(lower) if math.isfinite(lower) else y.start
            high = y(upper) if math.isfinite(upper) else y.end
            run.append((x(moment), low, high))
        elif run:
            there = "L".join(f"{coordinate(at)} {coordinate(high)}" for at, _, high in run)
            back = "L".join(f"{coordinate(at)} {coordinate(low)}" for at, low, _ in reversed(run))
            yield void("path", d=f"M{there}L{back}Z", class_="between s0")
            run = []


def _line(points: Sequence[tuple[datetime, float]], x: TimeScale, y: Scale) -> str:
    path, down = "", False
    for moment, value in points:
        if math.isfinite(value):
            path += f"{'L' if down else 'M'}{coordinate(x(moment))} {coordinate(y(value))}"
        down = math.isfinite(value)
    return path


def _level(points: Sequence[tuple[datetime, float]], x: TimeScale, y: Scale) -> str:
    """Limits from edge to edge: they hold also where nothing is known yet."""
    path = _line(points, x, y)
    first = next((limit for _, limit in points if math.isfinite(limit)), 0.0)
    start = f"M{coordinate(x.start)} {coordinate(y(first))}L"
    return f"{start}{path[1:]}H{coordinate(x.end)}" if path else ""


def _last(point: Point, x: TimeScale, y: Scale) -> Markup:
    moment, estimate, lower, upper, limit = point
    said = f"{moment_text(moment)}: {number(estimate)}, {interval_text(lower, upper)}, "
    said += f"limit {number(limit)}"
    at, middle = x(moment), y(estimate)
    ends = [middle, middle]
    if math.isfinite(lower) or math.isfinite(upper):
        ends = [
            y(lower) if math.isfinite(lower) else y.start,
            y(upper) if math.isfinite(upper) else y.end,
        ]
    return element(
        "g",
        element("title", said),
        segment(at, ends[0], at, ends[1], "whisker s0"),
        void("circle", cx=coordinate(at), cy=coordinate(middle), r=3.6, class_="dot s0"),
    )
