"""Reports that are one file each: HTML with its style and charts inside, no scripts, no network.

A report is `page(title, subtitle, [section(...), ...])`. What goes into a section is made by
`table`, `facts`, `figure`, `verdict_banner` and the like; what goes into a figure by the charts.
Everything that is not `Markup` is escaped: column names and values come from other people's data.
"""

from phasegate.reports.charts import (
    Bin,
    Interval,
    Mark,
    Series,
    bar_chart,
    calibration_chart,
    histogram,
    interval_chart,
    line_chart,
)
from phasegate.reports.elements import (
    badge,
    code,
    disclosure,
    facts,
    figure,
    figures,
    note,
    paragraph,
    table,
    verdict_banner,
)
from phasegate.reports.markup import Markup, escape
from phasegate.reports.numerals import interval_text, number, percent
from phasegate.reports.page import Section, page, section

__all__ = [
    "Bin",
    "Interval",
    "Mark",
    "Markup",
    "Section",
    "Series",
    "badge",
    "bar_chart",
    "calibration_chart",
    "code",
    "disclosure",
    "escape",
    "facts",
    "figure",
    "figures",
    "histogram",
    "interval_chart",
    "interval_text",
    "line_chart",
    "note",
    "number",
    "page",
    "paragraph",
    "percent",
    "section",
    "table",
    "verdict_banner",
]
