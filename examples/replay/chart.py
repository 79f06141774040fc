"""Six months as one drawing: precision of both worlds, and what happened below it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from examples.replay.daily import DAY, Day, daily
from examples.replay.measures import interval, precision
from examples.replay.record import Happening, History, Judged, Span, What, World
from examples.replay.summary import weekly
from phasegate.release.report.time_axis import TimeScale, moment_text
from phasegate.reports.axes import Scale, coordinate
from phasegate.reports.markup import Markup, element, join, void
from phasegate.reports.shapes import dot, segment, text

WIDTH, LEFT, RIGHT = 920.0, 96.0, 18.0
PLOT = (10.0, 290.0)
LANE = 20.0

# Shapes around the origin, so that nothing is told by its colour alone.
SHAPES = {
    What.ALERT: ("M0 -6L6 5L-6 5Z", "unsure"),
    What.ASKED: ("M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z", "unsure"),
    What.BUG: ("M-5 -5L5 5M5 -5L-5 5", "cross"),
    What.UNDONE: ("M-7.5 -0.5L-4.5 -3.5L-1.5 -0.5L5 -7L8 -4L-1.5 5.5Z", "pass"),
    What.TRAINED: ("M-5 -5L5 -5L5 5L-5 5Z", "plain"),
    What.BLOCKED: ("M-5 -5L5 -5L5 5L-5 5Z", "block"),
    What.RELEASED: ("M-5 -6.5L7 0L-5 6.5Z", "ahead"),
    What.PROMOTED: ("M-7.5 -0.5L-4.5 -3.5L-1.5 -0.5L5 -7L8 -4L-1.5 5.5Z", "pass"),
    What.ROLLED_BACK: ("M5 -6.5L-7 0L5 6.5Z", "block"),
    What.ENDED: ("M0 -7L7 0L0 7L-7 0Z", "unsure"),
}
_SERIES = {World.GUARDED: 0, World.UNWATCHED: 1}
LANES = (
    ("drift alerts", (What.ALERT,)),
    ("pipeline bug", (What.BUG, What.UNDONE)),
    ("trainings", (What.TRAINED, What.BLOCKED)),
    ("releases", (What.RELEASED, What.PROMOTED, What.ROLLED_BACK, What.ENDED)),
    ("people asked", (What.ASKED,)),
)
STYLE = """
figure svg.wide { max-width: none; min-width: 44rem; }
.area { fill: var(--tone); fill-opacity: 0.13; stroke: none; }
.mark.plain { fill: var(--s0); }
.mark.ahead { fill: var(--s0); }
.mark.pass { fill: var(--pass); }
.mark.block { fill: var(--block); }
.mark.unsure { fill: var(--unsure); }
.mark.cross { fill: none; stroke: var(--block); stroke-width: 2.5; }
.hair { stroke: var(--rule); }
"""


def six_months(history: History, floor: float) -> Markup:
    """Precision by day and by week in both worlds, its estimate before labels, and all events.

    Args:
        history: of whole weeks, at least one.
        floor: that precision has to be above.
    """
    weeks, judged, happenings = weekly(history), history.judged, history.happenings
    x = TimeScale(weeks[0].since, weeks[-1].until, LEFT, WIDTH - RIGHT)
    y = Scale(0.0, 1.0, PLOT[1], PLOT[0])
    lanes, base = _lanes(happenings, x)
    title = "precision of four weeks by day, with Phasegate and without"
    worlds = (World.UNWATCHED, World.GUARDED)  # the second one lies above
    svg = element(
        "svg",
        element("title", title),
        x.axis(PLOT[0], base, most=8, name=True),
        *_levels(y),
        *_hairs(happenings, x),
        *(part for one in worlds for part in _course(daily(history.pieces, one), x, y, one)),
        *(part for one in worlds for part in _weeks(weeks, x, y, one)),
        *_estimates(judged, x, y),
        segment(LEFT, y(floor), WIDTH - RIGHT, y(floor), "limit"),
        *lanes,
        viewBox=f"0 0 {WIDTH:g} {coordinate(base + 42)}",
        class_="wide",
        role="img",
        aria_label=title,
    )
    scrolled = element("div", svg, class_="scroll", tabindex="0", role="region", aria_label=title)
    return join([_legend(floor), scrolled])


def _levels(y: Scale) -> list[Markup]:
    parts = []
    for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        parts.append(segment(LEFT, y(share), WIDTH - RIGHT, y(share), "grid"))
        parts.append(text(f"{share:.0%}", LEFT - 8, y(share) + 4, "tick", anchor="end"))
    return parts


def _course(days: Sequence[Day], x: TimeScale, y: Scale, world: World) -> list[Markup]:
    """A line through the ends of days, and its interval as a band."""
    points = []
    for day in days:
        value, (lower, upper) = precision(day.behind), interval(day.behind)
        if not math.isnan(value):
            points.append((x(day.at + DAY), value, lower, upper))
    if not points:
        return []
    above = "L".join(f"{coordinate(at)} {coordinate(y(upper))}" for at, _, _, upper in points)
    below = "L".join(
        f"{coordinate(at)} {coordinate(y(lower))}" for at, _, lower, _ in reversed(points)
    )
    line = "L".join(f"{coordinate(at)} {coordinate(y(value))}" for at, value, _, _ in points)
    return [
        void("path", d=f"M{above}L{below}Z", class_=f"area s{_SERIES[world]}"),
        void("path", d=f"M{line}", class_=f"line s{_SERIES[world]}"),
    ]


def _weeks(weeks: Sequence[Span], x: TimeScale, y: Scale, world: World) -> list[Markup]:
    """A dot for each week by itself, with broken features and all."""
    dots = []
    for week in weeks:
        value, (lower, upper) = precision(week.side(world)), interval(week.side(world))
        if not math.isnan(value):
            said = f"{value:.1%}, {lower:.1%} to {upper:.1%}"
            name = f"{world}, week of {week.since:%Y-%m-%d}: {said}"
            dots.append(dot(x(_middle(week)), y(value), _SERIES[world], name, radius=2.5))
    return dots


def _estimates(judged: Sequence[Judged], x: TimeScale, y: Scale) -> list[Markup]:
    points = [(x(one.at), one.estimated[0]) for one in judged if one.estimated is not None]
    if not points:
        return []
    line = "L".join(f"{coordinate(at)} {coordinate(y(value))}" for at, value in points)
    return [void("path", d=f"M{line}", class_="line thin s2")]


def _hairs(happenings: Sequence[Happening], x: TimeScale) -> list[Markup]:
    told = (What.BUG, What.UNDONE, What.PROMOTED)
    return [segment(x(h.at), PLOT[0], x(h.at), PLOT[1], "hair") for h in happenings
            if h.what in told]  # fmt: skip


def _lanes(happenings: Sequence[Happening], x: TimeScale) -> tuple[list[Markup], float]:
    """A row of marks for each kind of event that there was; and where they end."""
    parts, row = [], PLOT[1] + 18.0
    for name, kinds in LANES:
        found = [one for one in happenings if one.what in kinds]
        if not found:
            continue
        parts.append(text(name, LEFT - 8, row + 4, "tick", anchor="end"))
        parts += [_glyph(one, x(one.at), row) for one in found]
        row += LANE
    return parts, row


def _glyph(happening: Happening, x: float, y: float) -> Markup:
    path, kind = SHAPES[happening.what]
    said = f"{moment_text(happening.at)}, {happening.what}: {happening.said[:500]}"
    place = f"translate({coordinate(x)} {coordinate(y)})"
    shape = void("path", d=path)
    return element("g", element("title", said), shape, class_=f"mark {kind}", transform=place)


def _middle(week: Span) -> datetime:
    return week.since + (week.until - week.since) / 2


def _legend(floor: float) -> Markup:
    keys = (
        ("line s0", "the four weeks behind, with Phasegate, and its 95 % interval"),
        ("line s1", "the same without: the first model, left alone"),
        ("line thin s2", "estimated before labels were known"),
        ("limit", f"floor, {floor:.0%}"),
    )
    items = []
    for style, name in keys:
        sample = void("line", x1=1, x2=25, y1=6, y2=6, class_=style)
        items.append(
            element("li", element("svg", sample, viewBox="0 0 26 12", aria_hidden="true"), name)
        )
    items.append(element("li", "dots: each week by itself, the bug's with it"))
    return element("ul", *items, class_="legend")
