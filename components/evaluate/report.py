"""The evaluation report as a page: the verdict first, then what it rests on."""

from __future__ import annotations

import math
from collections.abc import Iterator

from components.evaluate.evaluate import Contender, Evaluated
from components.evaluate.figures import (
    calibration_figure,
    difference_figure,
    headline_figure,
    precision_recall_figure,
    roc_figure,
    score_figure,
    slice_figure,
    threshold_figure,
)
from components.evaluate.names import metric_name
from phasegate.evaluation import METRICS, Comparison, Estimate, Measure, Slicing
from phasegate.evaluation.fairness import FAIRNESS_METRICS
from phasegate.evaluation.measures import WORST_SLICE
from phasegate.reports import (
    Markup,
    Section,
    badge,
    code,
    facts,
    figures,
    note,
    number,
    page,
    paragraph,
    percent,
    section,
    table,
    verdict_banner,
)
from phasegate.reports.markup import element

SLICES_SHOWN = 30


def report(name: str, found: Evaluated) -> str:
    """A self-contained HTML page on an evaluation; same evaluation, same bytes."""
    challenger, champion = found.challenger, found.champion
    beside = f"beside champion version {champion.version}" if champion else "with no champion yet"
    subtitle = (
        f"Challenger {challenger.digest[:12]} on {len(found.rows):,} frozen test rows, {beside}"
    )
    parts: list[Section | Markup] = [
        verdict_banner(found.judgement),
        _gates(found),
        _headline(found),
        section(
            "Curves",
            figures(precision_recall_figure(found), roc_figure(found)),
            figures(calibration_figure(found), score_figure(found)),
        ),
        _decisions(found),
    ]
    parts += [_slices(groups, found) for groups in found.slicings]
    parts.append(_method(found))
    footer = paragraph(
        "Model ", code(challenger.digest), ", test rows ", code(found.rows.digest), "."
    )
    return page(f"Evaluation of {name}", subtitle, parts, footer=footer)


def _gates(found: Evaluated) -> Section:
    rows = [
        (
            element("span", check.name, element("small", check.reason), class_="with-remark"),
            badge(check.outcome),
            check.observed,
            check.required,
        )
        for check in found.judgement.checks
    ]
    headers = ("gate", "outcome", "observed", "required")
    return section("Gates", table(headers, rows, empty="No gate is declared.", stack=True))


def _headline(found: Evaluated) -> Section:
    shown = [m for m in METRICS if m != "value" or found.settings.values.declared]
    level = percent(found.settings.confidence, 0)
    headers: tuple[str, ...] = ("metric", "challenger")
    if found.champion:
        headers = (*headers, "champion", "difference")
    rows = [(metric_name(metric), *_cells(found.results[Measure(metric)])) for metric in shown]
    caption = f"Each with its {level} interval. Lower is better for Brier score, log loss and "
    caption += "calibration error."
    content = [table(headers, rows, caption=caption, align="l" + "r" * (len(headers) - 1))]
    if found.champion:
        content.append(figures(headline_figure(found), difference_figure(found)))
    return section("Headline", *content)


def _decisions(found: Evaluated) -> Section:
    content = [figures(threshold_figure(found), _confusions(found))]
    if found.settings.values.declared:
        per_decision = found.results[Measure("value")].challenger.estimate
        total = number(round(per_decision * len(found.rows)))
        content.append(paragraph(f"In all, the decisions on these rows are worth {total}."))
    return section("Decisions", *content)


def _confusions(found: Evaluated) -> Markup:
    contenders = found.contenders.values()
    rows = [
        (kind.replace("_", " "), *(int(getattr(one.confusion, kind)) for one in contenders))
        for kind in ("true_positive", "false_positive", "false_negative", "true_negative")
    ]
    return element(
        "figure",
        element("h3", "Decisions at the threshold"),
        table(("rows", *found.contenders), rows),
        element("figcaption", _thresholds(found)),
    )


def _thresholds(found: Evaluated) -> str:
    said = [
        f"{name} decides positive at {number(one.card.threshold)}"
        for name, one in found.contenders.items()
    ]
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}."


def _slices(groups: Slicing, found: Evaluated) -> Section:
    column = groups.column
    protected = column in found.settings.protected
    content: list[Markup] = []
    if protected:
        content += [_fairness(groups, found)]
    if groups.names:
        content.append(_slice_table(groups, found))
        content.append(figures(*_slice_figures(groups, found)))
    else:
        text = f"No slice has {found.settings.minimum_slice} rows: none can be judged."
        content.append(note(text, kind="warning"))
    if groups.small:
        shown = list(groups.small.items())[:SLICES_SHOWN]
        names = ", ".join(f"{name} ({rows})" for name, rows in shown)
        more = len(groups.small) - len(shown)
        names += f" and {more} more" if more else ""
        content.append(
            note(
                f"Left out, with fewer than {found.settings.minimum_slice} rows: {names}. "
                "They count neither for the worst slice nor for fairness."
            )
        )
    return section(f"{'Fairness' if protected else 'Slices'} by {column}", *content)


def _slice_table(groups: Slicing, found: Evaluated) -> Markup:
    shown = ("selection_rate", "precision", "recall", "false_positive_rate")
    rows = []
    for name, size in list(zip(groups.names, groups.sizes, strict=True))[:SLICES_SHOWN]:
        cells = [found.results[Measure(m, groups.column, name)].challenger for m in shown]
        rows.append((name, size, *(_estimate(cell, 3) for cell in cells)))
    headers = (groups.column, "rows", "selected", "precision", "recall", "false positive rate")
    caption = "The challenger's decisions in each slice."
    if len(groups.names) > SLICES_SHOWN:
        caption += f" The first {SLICES_SHOWN} of {len(groups.names)}."
    return table(headers, rows, caption=caption, align="lrrrrr")


def _slice_figures(groups: Slicing, found: Evaluated) -> Iterator[Markup]:
    for metric in ("recall", "precision"):
        yield slice_figure(metric, groups, found, SLICES_SHOWN)


def _fairness(groups: Slicing, found: Evaluated) -> Markup:
    headers: tuple[str, ...] = ("disparity", "challenger")
    if found.champion:
        headers = (*headers, "champion", "difference")
    rows = [
        (metric_name(metric), *_cells(found.results[Measure(metric, groups.column)]))
        for metric in FAIRNESS_METRICS
    ]
    worst = WORST_SLICE + "recall"
    rows.append((metric_name(worst), *_cells(found.results[Measure(worst, groups.column)])))
    caption = (
        "Between the groups that are large enough. Differences are best at 0, ratios at 1; "
        "point estimates confirmed by Fairlearn."
    )
    return table(headers, rows, caption=caption, align="l" + "r" * (len(headers) - 1))


def _method(found: Evaluated) -> Section:
    settings, champion = found.settings, found.champion
    positives = int(found.rows.labels.sum())
    missing = max((result.challenger.undefined for result in found.results.values()), default=0.0)
    rows = {
        "test rows": len(found.rows),
        "positive rows": f"{number(positives)} ({percent(positives / len(found.rows), 2)})",
        "bootstrap": f"{settings.replicates} paired replicates, drawn by {settings.unit}",
        "seed": str(settings.seed),
        "confidence": percent(settings.confidence, 0),
        "replicates undefined, at most": percent(missing),
        "challenger": code(found.challenger.digest),
        "champion": _identity(champion),
        "test rows' digest": code(found.rows.digest),
    }
    return section("How this was measured", facts(rows))


def _identity(champion: Contender | None) -> object:
    if champion is None:
        return "none registered"
    return element("span", f"version {champion.version}, ", code(champion.digest))


def _cells(result: Comparison) -> Iterator[object]:
    yield _estimate(result.challenger)
    if result.champion is not None and result.difference is not None:
        yield _estimate(result.champion)
        yield _estimate(result.difference)


def _estimate(found: Estimate, digits: int = 4) -> Markup:
    span = f"{number(found.lower, digits)} to {number(found.upper, digits)}"
    small = (
        element("small", span) if math.isfinite(found.lower) else element("small", "no interval")
    )
    return element("span", number(found.estimate, digits), " ", small, class_="estimate")
