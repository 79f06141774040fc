"""The line between text that was escaped and text that was not."""

from __future__ import annotations

import html
from collections.abc import Iterable


class Markup(str):
    """HTML that may go into a page as it is. Any other string is data, and is escaped."""

    __slots__ = ()


# Control characters and halves of surrogate pairs come in other people's data; no escape makes
# them valid HTML.
_UNPRINTABLE = dict.fromkeys(
    [code for code in range(32) if chr(code) not in "\t\n"]
    + [*range(0x7F, 0xA0)]
    + [*range(0xD800, 0xE000)],
    "\N{REPLACEMENT CHARACTER}",
)


def escape(value: object) -> Markup:
    """A value as HTML text; `Markup` is left as it is."""
    if isinstance(value, Markup):
        return value
    return Markup(html.escape(str(value).translate(_UNPRINTABLE), quote=True))


def element(tag: str, *content: object, **attributes: object) -> Markup:
    """An element with escaped content and attributes.

    `class_` stands for the attribute `class`, and an underscore elsewhere for a hyphen.
    Attributes that are None are left out.
    """
    inner = "".join(escape(part) for part in content)
    return Markup(f"<{tag}{_attributes(attributes)}>{inner}</{tag}>")


def void(tag: str, **attributes: object) -> Markup:
    """An element without content, such as the shapes of an SVG."""
    return Markup(f"<{tag}{_attributes(attributes)}/>")


def join(parts: Iterable[object], separator: str = "") -> Markup:
    """Several pieces, each escaped, in a row."""
    return Markup(separator.join(escape(part) for part in parts))


def _attributes(attributes: dict[str, object]) -> str:
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
