"""The building blocks of a report, below the page and above the charts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from phasegate.reports.markup import Markup, element, escape, join
from phasegate.reports.numerals import number

if TYPE_CHECKING:
    from phasegate.contracts.verdict import Judgement

OUTCOME_SENTENCE = {
    "PASS": "Every gate is passed.",
    "BLOCK": "At least one gate is not passed: this goes no further.",
    "INCONCLUSIVE": "The evidence is not enough to decide: this goes no further.",
}
OUTCOME_SIGN = {"PASS": "✓", "BLOCK": "✕", "INCONCLUSIVE": "?"}


def paragraph(*content: object) -> Markup:
    """A paragraph of text."""
    return element("p", *content)


def code(value: object) -> Markup:
    """A digest, column name or key, in fixed width."""
    return element("code", value)


def note(*content: object, kind: Literal["info", "warning"] = "info") -> Markup:
    """A remark set apart from the text."""
    return element("p", *content, class_=f"note {kind}", role="note")


def badge(outcome: str) -> Markup:
    """PASS, BLOCK or INCONCLUSIVE as a label; told apart by sign and word, not by colour alone."""
    outcome = str(outcome)
    sign = element("span", OUTCOME_SIGN.get(outcome, "•"), aria_hidden="true")
    return element("span", sign, f" {outcome}", class_=f"badge {_kind(outcome)}")


def facts(pairs: Mapping[str, object] | Iterable[tuple[str, object]]) -> Markup:
    """Names with one value each, such as row counts or digests."""
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    rows = [
        element("div", element("dt", name), element("dd", _cell_text(value)))
        for name, value in items
    ]
    return element("dl", *rows, class_="facts")


def table(
    headers: Sequence[object],
    rows: Iterable[Sequence[object]],
    *,
    caption: str = "",
    align: str = "",
    empty: str = "Nothing to show.",
    stack: bool = False,
) -> Markup:
    """A table whose first column names its rows.

    Args:
        headers: one per column.
        rows: cells; int and float are formatted, None is a dash, the rest is escaped text.
        caption: says what the table shows.
        align: one letter per column, "l" or "r"; numbers are set right by themselves.
        empty: shown instead of a table without rows.
        stack: on a phone, set the cells of a row under each other instead of scrolling; for
            tables with sentences in them.
    """
    body = [tuple(row) for row in rows]
    if not body:
        return element("p", empty, class_="empty")
    right = [
        align[index : index + 1] == "r" or (not align and _is_number(body[0][index : index + 1]))
        for index in range(len(headers))
    ]
    head = [
        element("th", header, scope="col", class_="num" if is_right else None)
        for header, is_right in zip(headers, right, strict=True)
    ]
    lines = [
        element(
            "tr",
            *(
                _cell(index, cell, right[index], headers[index] if stack else None)
                for index, cell in enumerate(row)
            ),
        )
        for row in body
    ]
    parts = [element("caption", caption)] if caption else []
    parts += [element("thead", element("tr", *head)), element("tbody", *lines)]
    # A wide table scrolls by itself on a phone, and the keyboard must reach it to scroll it.
    return element(
        "div",
        element("table", *parts, class_="stack" if stack else None),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=caption or "table",
    )


def figure(title: str, svg: Markup, caption: object = "") -> Markup:
    """A chart with its title above and an explanation below."""
    parts = [element("h3", title), svg]
    if caption:
        parts.append(element("figcaption", caption))
    return element("figure", *parts)


def figures(*items: Markup) -> Markup:
    """Figures side by side where there is room."""
    return element("div", *items, class_="figures")


def disclosure(summary: str, *content: object) -> Markup:
    """Details that open on a click, and are always open on paper."""
    return element("details", element("summary", summary), *content)


def verdict_banner(judgement: Judgement, reasons: Sequence[str] | None = None) -> Markup:
    """The verdict in large letters with the reasons that decided it.

    Args:
        judgement: has `.outcome`, `.gate` and `.reasons`.
        reasons: shown instead of the judgement's own.
    """
    outcome = str(judgement.outcome)
    said = list(judgement.reasons if reasons is None else reasons)
    sign = element("span", OUTCOME_SIGN.get(outcome, "•"), class_="sign", aria_hidden="true")
    text = [
        element("p", f"{judgement.gate} gate", class_="gate"),
        element("p", outcome, class_="outcome"),
        element("p", OUTCOME_SENTENCE.get(outcome, "")),
    ]
    if said and outcome != "PASS":
        text.append(element("ul", *(element("li", reason) for reason in said)))
    return element(
        "div",
        sign,
        element("div", *text),
        class_=f"verdict {_kind(outcome)}",
        role="region",
        aria_label="verdict",
    )


def _kind(outcome: str) -> str:
    return {"PASS": "pass", "BLOCK": "block", "INCONCLUSIVE": "unsure"}.get(outcome, "unsure")


def _is_number(cells: Sequence[object]) -> bool:
    return bool(cells) and isinstance(cells[0], int | float) and not isinstance(cells[0], bool)


def _cell_text(value: object) -> Markup:
    if value is None or _is_number((value,)):
        return escape(number(value))  # type: ignore[arg-type]
    if isinstance(value, list | tuple):
        return join(value, ", ")
    return escape(value)


def _cell(index: int, value: object, right: bool, label: object) -> Markup:
    style = "num" if right else None
    if index == 0:
        return element("th", _cell_text(value), scope="row", class_=style)
    return element("td", _cell_text(value), class_=style, data_label=label)
