"""The six months on one page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from examples.replay.chart import STYLE, six_months
from examples.replay.measures import interval, precision, value_of
from examples.replay.record import History, Judged, Span, What
from examples.replay.summary import Side, Summary, weekly
from phasegate.monitoring.performance.series import Confusion
from phasegate.release.report.time_axis import duration_text, moment_text
from phasegate.reports.charts import Series, line_chart
from phasegate.reports.elements import disclosure, facts, figure, note, paragraph, table
from phasegate.reports.markup import Markup
from phasegate.reports.page import page, section


def six_months_page(
    history: History,
    summary: Summary,
    worth: Mapping[str, float],
    floor: float,
    audit: str,
    notes: Sequence[str],
) -> str:
    """A self-contained HTML page: same arguments, same bytes.

    Args:
        history: of whole weeks, at least one.
        summary: of it.
        worth: of each kind of decision, in EUR.
        floor: that precision has to be above.
        audit: what the verification of audit log and journal came to.
        notes: how the numbers are to be read.
    """
    weeks = weekly(history)
    first, last = weeks[0].since, weeks[-1].until
    chart = six_months(history, floor)
    return page(
        "Six months with and without Phasegate",
        f"Simulated card fraud, {first:%Y-%m-%d} to {last:%Y-%m-%d}: "
        f"{summary.requests:,} requests through Envoy and KServe servers.",
        [
            _verdict(summary),
            section("What it came to", _sides(summary), _delays(summary)),
            section(
                "Timeline",
                figure("Precision by day", chart, "Point at a mark to read what happened."),
            ),
            section("Money", *_money(weeks, worth)),
            section("What happened", _happenings(history)),
            section("Decisions of monitoring", _decisions(history.judged)),
            section("Weeks", disclosure("Numbers of every week", _weeks(weeks, worth))),
            section("How to read this", *(paragraph(one) for one in notes), paragraph(audit)),
        ],
        footer="Simulated transactions say nothing about anyone's real fraud.",
        style=STYLE,
    )


def write_page(path: Path, content: str) -> Path:
    """Write the page, whole."""
    partial = path.with_name(f".{path.name}")
    partial.write_text(content, encoding="utf-8")
    partial.replace(path)
    return path


def _verdict(summary: Summary) -> Markup:
    if summary.flaws:
        return note("The story did not hold: ", "; ".join(summary.flaws), kind="warning")
    one, other = summary.guarded, summary.unwatched
    return note(
        f"Left alone, the first model's precision fell from {other.first:.0%} to {other.last:.0%}. "
        f"Watched, retrained and released through Phasegate it ended at {one.last:.0%}."
    )


def _sides(summary: Summary) -> Markup:
    def row(name: str, said: Mapping[str, str]) -> tuple[str, str, str]:
        return name, said["with"], said["without"]

    both = {"with": summary.guarded, "without": summary.unwatched}
    rows = [
        row("days below the floor", {k: str(side.days_below) for k, side in both.items()}),
        row("of them by the bug alone", {k: str(side.bug_days) for k, side in both.items()}),
        row("weeks below it, each by itself", {k: str(s.weeks_below) for k, s in both.items()}),
        row("lowest precision of four weeks", {k: _percent(s.lowest) for k, s in both.items()}),
        row("precision, first four weeks", {k: _percent(s.first) for k, s in both.items()}),
        row("precision, last four weeks", {k: _percent(s.last) for k, s in both.items()}),
        row("recall, first four weeks", {k: _percent(s.first_recall) for k, s in both.items()}),
        row("recall, last four weeks", {k: _percent(s.last_recall) for k, s in both.items()}),
        row("fraud stopped", {k: f"{s.decisions.true_positive:,}" for k, s in both.items()}),
        row("customers stopped", {k: f"{s.decisions.false_positive:,}" for k, s in both.items()}),
        row("worth of all decisions", {k: _euros(side) for k, side in both.items()}),
    ]
    return table(("", "with Phasegate", "without"), rows, align="lrr")


def _delays(summary: Summary) -> Markup:
    return facts(
        {
            "Bug of the feature pipeline taken back after": _duration(summary.bug_delay),
            "First training after the drift began": _duration(summary.drift_delay),
            "Models retrained": summary.trainings,
            "Retrained models stopped by a gate": summary.blocked,
            "Retrained models promoted": summary.promotions,
            "Releases rolled back": summary.rollbacks,
            "Requests of users that failed": summary.failed,
        }
    )


def _money(weeks: Sequence[Span], worth: Mapping[str, float]) -> list[Markup]:
    def course(confusions: Sequence[Confusion]) -> list[float]:
        total, values = 0.0, [0.0]
        for one in confusions:
            total += value_of(one, worth)
            values.append(total)
        return values

    guarded = course([week.guarded for week in weeks])
    unwatched = course([week.unwatched for week in weeks])
    numbers = list(range(len(weeks) + 1))
    chart = line_chart(
        "worth of all decisions so far",
        [Series("with Phasegate", numbers, guarded), Series("without", numbers, unwatched)],
        x_label="week", y_label="EUR",
    )  # fmt: skip
    said = ", ".join(
        f"{name.replace('_', ' ')} {value:+g}" for name, value in worth.items() if value
    )
    return [
        paragraph(
            f"A decision is worth, in EUR: {said}. Phasegate was worth "
            f"{guarded[-1] - unwatched[-1]:+,.0f} EUR."
        ),
        figure("Worth of all decisions so far", chart),
    ]


def _happenings(history: History) -> Markup:
    rows = [
        (moment_text(one.at), str(one.what), one.said)
        for one in sorted(history.happenings, key=lambda one: one.at)
        if one.what is not What.ASKED
    ]
    return table(("event time", "what", "why"), rows, align="lll", stack=True)


def _decisions(judged: Sequence[Judged]) -> Markup:
    rows = [
        (
            moment_text(one.at),
            one.action.replace("_", " ").lower(),
            f"by {one.called_by}",
            one.drifted,
            "—" if one.estimated is None else _percent(one.estimated[0]),
            " ".join(one.reasons),
        )
        for one in judged
    ]
    headers = ("event time", "decision", "run", "features drifted", "estimated", "reasons")
    return table(headers, rows, align="lllrrl", stack=True)


def _weeks(weeks: Sequence[Span], worth: Mapping[str, float]) -> Markup:
    rows = []
    for number, week in enumerate(weeks, 1):
        rows.append(
            (
                f"{number}, {week.since:%Y-%m-%d}",
                week.requests,
                _interval(week.guarded),
                _interval(week.unwatched),
                value_of(week.guarded, worth),
                value_of(week.unwatched, worth),
            )
        )
    return table(
        ("week", "requests", "precision with", "precision without", "EUR with", "EUR without"),
        rows, align="lrllrr",
    )  # fmt: skip


def _interval(confusion: Confusion) -> str:
    lower, upper = interval(confusion)
    return f"{_percent(precision(confusion))} ({_percent(lower)} to {_percent(upper)})"


def _percent(value: float) -> str:
    return "—" if math.isnan(value) else f"{value:.1%}"


def _euros(side: Side) -> str:
    return f"{side.value:,.0f} EUR".replace("-", "\N{MINUS SIGN}")


def _duration(duration: timedelta | None) -> str:
    return "never" if duration is None else duration_text(duration)
