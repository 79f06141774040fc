"""The course of a release as one drawing: phases, shares, looks and decisions over event time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from phasegate.release.report.history import Mark, Stay
from phasegate.release.report.thinning import thinned
from phasegate.release.report.time_axis import TimeScale, duration_text, moment_text
from phasegate.reports.axes import Scale, coordinate
from phasegate.reports.markup import Markup, element, join, void
from phasegate.reports.shapes import box, centred, segment, text

WIDTH, LEFT, RIGHT = 920.0, 70.0, 18.0
BAND, PLOT = (8.0, 36.0), (48.0, 172.0)
LANES, LANE = 4, 15.0
CHARACTER = 6.4  # width of one, about, in the font of the marks
MOST_POINTS, MOST_LOOKS, MOST_MARKS = 300, 300, 120

# Shapes around the origin, so that no decision is told by its colour alone.
SHAPES = {
    "start": ("M-4 -6L4 -6L4 6L-4 6Z", "plain"),
    "advance": ("M-5 -6.5L7 0L-5 6.5Z", "ahead"),
    "finish": ("M-7.5 -0.5L-4.5 -3.5L-1.5 -0.5L5 -7L8 -4L-1.5 5.5Z", "pass"),
    "freeze": ("M-6 -6L-2 -6L-2 6L-6 6ZM2 -6L6 -6L6 6L2 6Z", "unsure"),
    "resume": ("M-6 -6L-3 -6L-3 6L-6 6ZM-1 -6L8 0L-1 6Z", "ahead"),
    "roll back": ("M5 -6.5L-7 0L5 6.5Z", "block"),
    "end inconclusive": ("M0 -7L7 0L0 7L-7 0Z", "unsure"),
}
OTHER = ("M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z", "plain")


def timeline(
    title: str,
    times: Sequence[datetime],
    weights: Sequence[float],
    *,
    mirrors: Sequence[float] = (),
    stays: Sequence[Stay] = (),
    looks: Sequence[datetime] = (),
    marks: Sequence[Mark] = (),
) -> Markup:
    """What a release was in, what the challenger answered, and what was decided, over event time.

    Args:
        title: read out by screen readers.
        times: ascending, at least one; each value below holds from its time to the next.
        weights: the challenger's share of the requests, 0 to 1.
        mirrors: its share of copies, 0 to 1; none where nothing is mirrored.
        stays: phases, as a band.
        looks: times at which evidence was looked at.
        marks: decisions, with their words where there is room for them.
    """
    every = [*times, *looks, *(m.at for m in marks), *(t for s in stays for t in (s.start, s.end))]
    x = TimeScale(min(every), max(every), LEFT, WIDTH - RIGHT)
    y = Scale(0.0, 1.0, PLOT[1], PLOT[0])
    lines, row = [], PLOT[1] + 18
    if looks:
        lines.append(text("looks", LEFT - 8, row + 4, "tick", anchor="end"))
        chosen = [looks[index] for index in thinned(len(looks), MOST_LOOKS)]
        strokes = "".join(f"M{coordinate(x(at))} {row - 4}v9" for at in chosen)
        lines.append(void("path", d=strokes, class_="look"))
        row += 14
    drawn, base = _marks(marks[-MOST_MARKS:], x, row + 12) if marks else ([], row)
    if marks:
        lines.append(text("decisions", LEFT - 10, row + 16, "tick", anchor="end"))
    content = (
        x.axis(PLOT[0], base, name=True),
        *_shares(y),
        *(_stay(stay, x) for stay in stays[-MOST_MARKS:]),
        _area(times, weights, x, y),
        *([_step("line thin s1", times, mirrors, x, y)] if any(mirrors) else []),
        _step("line s0", times, weights, x, y),
        *lines,
        *drawn,
    )
    svg = element(
        "svg",
        element("title", title),
        *content,
        viewBox=f"0 0 {WIDTH:g} {coordinate(base + 42)}",
        class_="wide",
        role="img",
        aria_label=title,
    )
    scrolled = element("div", svg, class_="scroll", tabindex="0", role="region", aria_label=title)
    return join([_legend(any(mirrors)), scrolled])


def glyph(action: str, x: float, y: float, said: str = "") -> Markup:
    """The shape of an action, and what it says when it is pointed at."""
    path, kind = SHAPES.get(action, OTHER)
    title = element("title", said) if said else Markup("")
    place = f"translate({coordinate(x)} {coordinate(y)})"
    return element("g", title, void("path", d=path), class_=f"mark {kind}", transform=place)


def _shares(y: Scale) -> list[Markup]:
    parts = []
    for share in (0.0, 0.5, 1.0):
        parts.append(segment(LEFT, y(share), WIDTH - RIGHT, y(share), "grid"))
        parts.append(text(f"{share:.0%}", LEFT - 8, y(share) + 4, "tick", anchor="end"))
    return parts


def _stay(stay: Stay, x: TimeScale) -> Markup:
    left, right = x(stay.start), max(x(stay.end), x(stay.start) + 1.5)
    said = f"{stay.phase}{', frozen' if stay.frozen else ''}: from {moment_text(stay.start)}"
    said += f" for {duration_text(stay.end - stay.start)}"
    name = f"{stay.phase} (frozen)" if stay.frozen else stay.phase
    room = int((right - left - 8) / CHARACTER)
    words = name if len(name) <= room else f"{name[: room - 1]}…" if room >= 5 else ""
    middle = (left + right) / 2
    shape = box(left, BAND[0], right - left, BAND[1] - BAND[0], "stay")
    return element(
        "g",
        element("title", said),
        shape,
        centred(words, middle, BAND[0] + 18, "label"),
        class_="frozen" if stay.frozen else "phase",
    )


def _corners(times: Sequence[datetime], values: Sequence[float]) -> list[tuple[datetime, float]]:
    """Where a step curve changes, and its end."""
    points = list(zip(times, values, strict=True))
    changed = [points[0]]
    changed += [after for before, after in pairwise(points) if before[1] != after[1]]
    if changed[-1] != points[-1]:
        changed.append(points[-1])
    return [changed[index] for index in thinned(len(changed), MOST_POINTS)]


def _steps(times: Sequence[datetime], values: Sequence[float], x: TimeScale, y: Scale) -> str:
    (first, value), *rest = _corners(times, values)
    path = f"M{coordinate(x(first))} {coordinate(y(value))}"
    for moment, value in rest:
        path += f"H{coordinate(x(moment))}V{coordinate(y(value))}"
    return path


def _step(
    style: str, times: Sequence[datetime], values: Sequence[float], x: TimeScale, y: Scale
) -> Markup:
    return void("path", d=_steps(times, values, x, y), class_=style)


def _area(times: Sequence[datetime], values: Sequence[float], x: TimeScale, y: Scale) -> Markup:
    base = coordinate(y(0.0))
    return void("path", d=f"{_steps(times, values, x, y)}V{base}H{coordinate(x.start)}Z",
                class_="area s0")  # fmt: skip


def _marks(marks: Sequence[Mark], x: TimeScale, middle: float) -> tuple[list[Markup], float]:
    """Shapes in a row, with a hair up to the curve and words below; and where that ends."""
    hairs, shapes, words = [], [], []
    free = [float("-inf")] * LANES
    used = 0
    for mark in marks:
        at = x(mark.at)
        hairs.append(segment(at, PLOT[0], at, middle - 8, "hair"))
        shapes.append(glyph(mark.action, at, middle, f"{moment_text(mark.at)}: {mark.said[:500]}"))
        label = mark.action + (" (by hand)" if mark.by_hand and mark.action != "start" else "")
        width = CHARACTER * len(label)
        at_end = at + width > WIDTH - RIGHT
        left = at - width if at_end else at - 6
        lane = next((lane for lane in range(LANES) if free[lane] <= left), None)
        if lane is None:
            continue
        free[lane], used = left + width + 8, max(used, lane + 1)
        line = middle + 22 + LANE * lane
        words.append(text(label, at + 6 if at_end else at - 6, line, "said",
                          anchor="end" if at_end else None))  # fmt: skip
    return [*hairs, *shapes, *words], middle + 16 + LANE * used


def _legend(mirrored: bool) -> Markup:
    keys = [("line s0", "requests that the challenger answers")]
    keys += [("line thin s1", "requests of which it gets a copy")] if mirrored else []
    items = []
    for style, name in keys:
        sample = void("line", x1=1, x2=25, y1=6, y2=6, class_=style)
        items.append(
            element("li", element("svg", sample, viewBox="0 0 26 12", aria_hidden="true"), name)
        )
    return element("ul", *items, class_="legend")
