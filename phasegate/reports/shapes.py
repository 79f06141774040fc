"""The shapes that charts are made of, at coordinates of the view box."""

from __future__ import annotations

from phasegate.reports.axes import coordinate
from phasegate.reports.markup import Markup, element, void

COLOURS = 4


def text(words: object, x: float, y: float, style: str, *, anchor: str | None = None) -> Markup:
    """Words that begin at a point; or end there, or have their middle there."""
    place = {"x": coordinate(x), "y": coordinate(y), "text_anchor": anchor}
    return element("text", words, **place, class_=style)


def centred(words: object, x: float, y: float, style: str) -> Markup:
    """Words around a point."""
    return text(words, x, y, style, anchor="middle")


def segment(x1: float, y1: float, x2: float, y2: float, style: str) -> Markup:
    """A straight line."""
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    return void("line", **{name: coordinate(value) for name, value in ends.items()}, class_=style)


def box(left: float, top: float, width: float, height: float, style: str) -> Markup:
    """A rectangle."""
    sides = {"x": left, "y": top, "width": width, "height": height}
    return void("rect", **{name: coordinate(value) for name, value in sides.items()}, class_=style)


def dot(x: float, y: float, series: int, said: str, *, radius: float) -> Markup:
    """A point that says what it is when it is pointed at."""
    return element(
        "circle",
        element("title", said),
        cx=coordinate(x),
        cy=coordinate(y),
        r=radius,
        class_=f"dot s{series % COLOURS}",
    )
