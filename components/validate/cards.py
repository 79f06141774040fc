"""One compact card for each column: its shape as a small chart, its numbers in two lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from phasegate.reports import Markup, badge, code, figure, number, percent
from phasegate.reports.axes import WIDTH, coordinate, drawing
from phasegate.reports.markup import element, join, void

SEPARATOR = " \N{MIDDLE DOT} "
VALUES_SHOWN = 6


def card(column: Mapping[str, Any], rows: int) -> Markup:
    """The card of a column, from its summary in report.json."""
    title = code(column["name"])
    if column["blocking"]:
        title = join([title, badge("BLOCK")], " ")
    return figure(title, _chart(column, rows), join(map(_line, _lines(column))))


def _lines(column: Mapping[str, Any]) -> list[str]:
    missing = column["missing"]
    share = f"{number(missing)} missing ({percent(column['missing_share'])})"
    first = [column["type"], column["role"], share if missing else "none missing"]
    lines = [SEPARATOR.join(part for part in first if part)]
    if "unique" in column:
        lines.append(f"{number(column['unique'])} different values")
    elif column.get("min") is not None:
        names = ("min", "median", "mean", "max")
        lines.append(SEPARATOR.join(f"{name} {_value(column[name])}" for name in names))
    if column["warnings"]:
        lines.append(f"{column['warnings']} warning{'s' if column['warnings'] > 1 else ''}")
    return lines


def _line(text: str) -> Markup:
    return element("div", text)


def _chart(column: Mapping[str, Any], rows: int) -> Markup:
    title = f"Distribution of {column['name']}"
    if column.get("histogram"):
        return column_histogram(title, column["histogram"])
    if column.get("top"):
        return top_values(title, column["top"], rows)
    return drawing(title, _text("No distribution to show.", 0, 26, "tick"), height=40)


def column_histogram(title: str, histogram: Mapping[str, Any]) -> Markup:
    """Bars over equal steps, with only the ends of the axis named: times need no ticks."""
    counts = histogram["counts"]
    height, base = 118.0, 96.0
    top = max((count or 0 for count in counts), default=0) or 1
    width = WIDTH / max(len(counts), 1)
    parts = [void("line", x1=0, x2=WIDTH, y1=base, y2=base, class_="axis")]
    for index, count in enumerate(counts):
        if count:
            # A rare value is a hairline, never nothing.
            tall = max(base * 0.96 * count / top, 1.0)
            parts.append(_bar(index * width + 1, base - tall, max(width - 2, 0.5), tall))
    parts.append(_text(_value(histogram["first"]), 0, height - 4, "tick"))
    parts.append(_text(_value(histogram["last"]), WIDTH, height - 4, "tick", anchor="end"))
    return drawing(title, *parts, height=height)


def top_values(title: str, top: Sequence[Mapping[str, Any]], rows: int) -> Markup:
    """The most frequent values, each as a bar of its share of all rows."""
    shown = top[:VALUES_SHOWN]
    left, right, row = 170.0, 60.0, 20.0
    parts = []
    for index, item in enumerate(shown):
        share = item["rows"] / rows
        y = index * row
        parts.append(_text(_short(item["value"]), 0, y + 14, "label"))
        parts.append(_bar(left, y + 5, max((WIDTH - left - right) * share, 1.0), 11))
        parts.append(_text(percent(share), WIDTH, y + 14, "tick", anchor="end"))
    return drawing(title, *parts, height=row * len(shown) + 4)


def _bar(x: float, y: float, width: float, height: float) -> Markup:
    sides = {"x": x, "y": y, "width": width, "height": height}
    return void("rect", **{name: coordinate(side) for name, side in sides.items()}, class_="bar s0")


def _text(text: str, x: float, y: float, style: str, *, anchor: str | None = None) -> Markup:
    place = {"x": coordinate(x), "y": coordinate(y)}
    return element("text", text, **place, class_=style, text_anchor=anchor)


def _value(value: float | str | None) -> str:
    """A number with four digits, a moment as it is; whole numbers without decimals."""
    if isinstance(value, str):
        return value.removesuffix("+00:00").replace("T", " ").removesuffix(" 00:00:00")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return number(int(value))
    return number(value)


def _short(text: str, limit: int = 24) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}\N{HORIZONTAL ELLIPSIS}"
