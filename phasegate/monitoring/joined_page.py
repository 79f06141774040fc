"""One page of the latest reports of monitoring, and of what was decided over time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from phasegate.monitoring.timeline import Moment
from phasegate.reports import Markup, Section, page, section, table
from phasegate.reports.page import style_sheet

_MAIN = re.compile(r"<main>(.*)</main>", re.DOTALL)
_STYLE = re.compile(r"<style>(.*)</style>", re.DOTALL)
_ANCHOR = re.compile(r'\b(id|aria-labelledby|href)="(#?)(part-\d)')


def joined_page(model: str, moments: Sequence[Moment], reports: Mapping[str, str]) -> str:
    """The page.

    Args:
        model: name of the model.
        moments: what happened, in order; the newest is shown first.
        reports: pages of `phasegate.reports` by their titles, in order.
    """
    rows = [
        (f"{one.at:%Y-%m-%d %H:%M}", one.what, one.about, one.reason, one.actor)
        for one in reversed(moments)
    ]
    history: Section = section(
        "Timeline",
        table(
            ("event time, UTC", "what", "about", "why", "by"),
            rows,
            empty="Nothing was decided yet.",
            stack=True,
        ),
    )
    parts = [
        section(title, _main(text, index)) for index, (title, text) in enumerate(reports.items())
    ]
    extra = dict.fromkeys(_extra_style(text) for text in reports.values())
    subtitle = f"{model}: decisions and the latest reports"
    return page("Monitoring", subtitle, [history, *parts], style="".join(extra))


def _main(text: str, index: int) -> Markup:
    """What a page says, its anchors made its own."""
    found = _MAIN.search(text)
    return Markup(_ANCHOR.sub(rf'\1="\2report-{index}-\3', found[1] if found else ""))


def _extra_style(text: str) -> str:
    found = _STYLE.search(text)
    return found[1].removeprefix(style_sheet()) if found else ""
