"""A whole report as one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from phasegate.reports.markup import Markup, element, escape, join, void

# Nothing may be fetched or run, even if something slipped through the escaping.
CONTENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class Section:
    """A titled part of a report; named in the table of contents."""

    title: str
    content: tuple[object, ...]


def section(title: str, *content: object) -> Section:
    """A part of a report with a heading."""
    return Section(title, content)


def page(
    title: str,
    subtitle: str,
    sections: Sequence[Section | Markup],
    *,
    footer: object = "",
    style: str = "",
) -> str:
    """A self-contained HTML document: same arguments, same bytes.

    Args:
        title: the report's name.
        subtitle: one line on what it is about.
        sections: in order; `Markup` among them, such as a verdict, stands outside any section.
        footer: where the numbers came from.
        style: more rules for the style sheet; the caller's own, never data.
    """
    titled = [part for part in sections if isinstance(part, Section)]
    links = [
        element("li", element("a", part.title, href=f"#part-{index}"))
        for index, part in enumerate(titled, 1)
    ]
    contents = element("nav", element("ol", *links), aria_label="Contents") if links else Markup("")
    body, index = [], 0
    for part in sections:
        if isinstance(part, Section):
            index += 1
            heading = element("h2", part.title, id=f"part-{index}-title")
            body.append(
                element(
                    "section",
                    heading,
                    *part.content,
                    id=f"part-{index}",
                    aria_labelledby=f"part-{index}-title",
                )
            )
        else:
            body.append(escape(part))
    header = element(
        "header", element("h1", title), element("p", subtitle, class_="subtitle"), contents
    )
    foot = element("footer", footer) if footer else Markup("")
    head = element(
        "head",
        void("meta", charset="utf-8"),
        void("meta", http_equiv="Content-Security-Policy", content=CONTENT_POLICY),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup(style_sheet() + style)),
    )
    main = element("main", join(body, "\n"))
    document = element("html", head, "\n", element("body", header, main, foot), lang="en")
    return f"<!doctype html>\n{document}\n"


@cache
def style_sheet() -> str:
    """The style that every page has."""
    return Path(__file__).with_name("style.css").read_text(encoding="utf-8")
