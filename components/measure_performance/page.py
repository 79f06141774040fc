"""The performance report as a page: what is wrong first, then the figures over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from phasegate.monitoring.performance.series import Figure, Performance, PerformanceWindow
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.reports import (
    Interval,
    Markup,
    Section,
    Series,
    code,
    facts,
    figure,
    figures,
    interval_chart,
    line_chart,
    note,
    page,
    paragraph,
    percent,
    section,
    table,
)
from phasegate.reports.markup import element

DAY = timedelta(days=1)
DRAWN = 8
"""Windows whose intervals are drawn."""

LIMITS = (
    "An estimate takes each score for the chance that its row is positive, corrected by what the"
    " reference's labelled rows showed, and needs no labels. It follows inputs that move. It does"
    " not see concept drift: when the same inputs come to mean something else, scores stay, and so"
    " does the estimate. Only labels show that, when they are old enough. An estimate above the"
    " floor is therefore no evidence that all is well."
)


def page_of(name: str, found: Performance, policy: MonitoringPolicy) -> str:
    """A self-contained HTML page on a series; same series, same bytes."""
    windows = found.windows
    subtitle = f"{found.metric} over {len(windows)} windows until {found.now:%Y-%m-%d %H:%M} UTC"
    parts: list[Section | Markup] = [_problems(found)]
    if windows:
        parts += [_charts(found), _table(found)]
    parts.append(_method(found, policy))
    models = sorted({one.model_digest for one in windows})
    footer = paragraph("Models: ", *(code(f"{one} ") for one in models)) if models else ""
    return page(f"Performance of {name}", subtitle, parts, footer=footer)


def _problems(found: Performance) -> Section:
    notes = [note(problem, kind="warning") for problem in found.problems]
    below = [one for one in found.windows if one.measured and not one.measured.value >= found.floor]
    if below:
        sure = sum(one.measured is not None and one.measured.upper < found.floor for one in below)
        notes.append(
            note(
                f"{len(below)} of the windows measured below the floor of {found.floor:g},"
                f" {sure} of them with their whole interval.",
                kind="warning",
            )
        )
    return section("What is wrong", *(notes or [note("Nothing was found to be wrong.")]))


def _charts(found: Performance) -> Section:
    windows = _leading(found.windows)
    start = windows[0].since
    x = [(one.since + (one.until - one.since) / 2 - start) / DAY for one in windows]
    ends = [0.0, (windows[-1].until - start) / DAY]
    series = [
        Series("measured on labels", x, [_value(one.measured) for one in windows]),
        Series("estimated from scores", x, [_value(one.estimated) for one in windows]),
        Series("floor", ends, [found.floor, found.floor]),
    ]
    lines = line_chart(
        f"{found.metric} over time",
        series,
        x_label=f"days since {start:%Y-%m-%d}",
        y_label=found.metric,
    )
    groups = ("measured on labels", "estimated from scores")
    intervals = [
        Interval(f"{one.since:%Y-%m-%d}", said.value, said.lower, said.upper, group)
        for one in windows[-DRAWN:]
        for group, said in enumerate((one.measured, one.estimated))
        if said is not None
    ]
    spans = interval_chart(
        f"{found.metric} with intervals",
        intervals,
        x_label=found.metric,
        limit=found.floor,
        groups=groups,
    )
    caption = "Of each window the model that answered most rows; the table has all of them."
    return section(
        "Over time",
        figures(
            figure(f"{found.metric} over time", lines, caption),
            figure(
                "With intervals",
                spans,
                f"The line is the floor; the last {DRAWN} windows at most.",
            ),
        ),
    )


def _leading(windows: Sequence[PerformanceWindow]) -> list[PerformanceWindow]:
    """The model that answered most rows in each window."""
    most: dict[object, PerformanceWindow] = {}
    for one in windows:
        if one.since not in most or one.rows > most[one.since].rows:
            most[one.since] = one
    return list(most.values())


def _table(found: Performance) -> Section:
    headers = (
        "from", "before", "model", "rows", "pending", "unlabelled", "contradictory",
        "measured", "estimated", "held",
    )  # fmt: skip
    held = {None: None, True: "yes", False: "no"}
    rows = [
        (
            _time(one.since), _time(one.until),
            code(one.model_digest[:12]), one.rows, one.pending, one.unlabelled, one.contradictory,
            _figure(one.measured), _figure(one.estimated), held[one.held],
        )
        for one in found.windows
    ]  # fmt: skip
    caption = (
        "Times are UTC. Pending rows are younger than the labels' delay. Unlabelled and"
        " contradictory ones are old enough. Held: whether the estimate's interval held what was"
        " measured later."
    )
    return section("Windows", table(headers, rows, caption=caption, align="lllrrrrrrl"))


def _method(found: Performance, policy: MonitoringPolicy) -> Section:
    rules, labels = policy.performance, policy.labels
    checked = [one.held for one in found.windows if one.held is not None]
    coverage = "no estimate could be checked yet"
    if checked:
        coverage = f"{percent(found.coverage)} of {len(checked)} ({percent(rules.confidence, 0)}"
        coverage += " were promised)"
    rows = {
        "metric": found.metric,
        "floor": f"{found.floor:g}",
        "window": f"{rules.window / DAY:g} days",
        "labels": labels.source or "none declared",
        "known after": f"{labels.delay / DAY:g} days",
        "absent labels": "negative" if labels.absent == "negative" else "left out",
        "rows it takes": f"{rules.min_rows}",
        "estimates that held": coverage,
    }
    return section(
        "How this was measured",
        facts(rows),
        paragraph(
            "Answers that users got, each counted once; copies to a shadow are not counted."
            " Intervals of what was measured allow for entities that return (Wilson's interval at"
            " the effective number of rows). Intervals of estimates hold the chance of outcomes"
            " and what is not known of the calibration; they take outcomes for independent given"
            " their scores."
        ),
        note(LIMITS),
        note("Estimates are made for the present champion alone: the reference is its own."),
    )


def _value(said: Figure | None) -> float:
    return said.value if said is not None else math.nan


def _time(time: datetime) -> str:
    """A day, with the time where that is not midnight."""
    return f"{time:%Y-%m-%d}" if (time.hour, time.minute) == (0, 0) else f"{time:%Y-%m-%d %H:%M}"


def _figure(said: Figure | None) -> object:
    if said is None:
        return None
    small = element("small", f"{said.lower:.3f}\N{EN DASH}{said.upper:.3f}")
    return element("span", f"{said.value:.3f}", " ", small, class_="estimate")
