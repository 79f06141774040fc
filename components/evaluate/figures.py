"""The figures of the evaluation report."""

from __future__ import annotations

import math

from components.evaluate.evaluate import Evaluated
from components.evaluate.names import metric_name
from phasegate.evaluation import Measure, Slicing
from phasegate.evaluation.curves import (
    calibration_curve,
    pr_curve,
    roc_curve,
    score_histogram,
    threshold_curve,
)
from phasegate.evaluation.metrics import decision_metrics, ratio
from phasegate.reports import (
    Bin,
    Interval,
    Mark,
    Markup,
    Series,
    calibration_chart,
    figure,
    histogram,
    interval_chart,
    line_chart,
    number,
)

UNIT = (0.0, 1.0)
SHARES = ("pr_auc", "roc_auc", "precision", "recall", "f1", "accuracy")


def precision_recall_figure(found: Evaluated) -> Markup:
    """Precision over recall, with each model's threshold as a point."""
    lines, marks = [], []
    for index, (name, one) in enumerate(found.contenders.items()):
        curve = pr_curve(one.card.ranking.whole)
        at = decision_metrics(one.confusion, one.card.values)
        lines.append(Series(name, curve["recall"], curve["precision"]))
        marks.append(Mark(f"{name} at its threshold", at["recall"], at["precision"], index))
    title = "Precision and recall"
    base = number(float(found.rows.labels.mean()), 3)
    return figure(
        title,
        line_chart(
            title,
            lines,
            x_label="recall",
            y_label="precision",
            x_range=UNIT,
            y_range=UNIT,
            marks=marks,
        ),
        f"Points are the decision thresholds. Guessing would have a precision of {base}.",
    )


def roc_figure(found: Evaluated) -> Markup:
    """True over false positive rate, with each model's threshold as a point."""
    lines, marks = [], []
    for index, (name, one) in enumerate(found.contenders.items()):
        curve = roc_curve(one.card.ranking.whole)
        counts = one.confusion
        alarms = ratio(counts.false_positive, counts.false_positive + counts.true_negative)
        recall = ratio(counts.true_positive, counts.true_positive + counts.false_negative)
        lines.append(Series(name, curve["false_positive_rate"], curve["true_positive_rate"]))
        marks.append(Mark(f"{name} at its threshold", alarms, recall, index))
    title = "Receiver operating characteristic"
    chart = line_chart(
        title,
        lines,
        x_label="false positive rate",
        y_label="true positive rate",
        x_range=UNIT,
        y_range=UNIT,
        diagonal=True,
        marks=marks,
    )
    return figure(title, chart, "The dotted line is guessing.")


def threshold_figure(found: Evaluated) -> Markup:
    """What other thresholds of the challenger would give."""
    card = found.challenger.card
    curve = threshold_curve(card.ranking.whole)
    at = decision_metrics(found.challenger.confusion, card.values)
    lines = [
        Series("precision", curve["threshold"], curve["precision"]),
        Series("recall", curve["threshold"], curve["recall"]),
        Series("share selected", curve["threshold"], curve["selected"]),
    ]
    marks = [
        Mark("precision at the threshold", card.threshold, at["precision"], 0),
        Mark("recall at the threshold", card.threshold, at["recall"], 1),
    ]
    title = "Threshold trade-off of the challenger"
    chart = line_chart(
        title,
        lines,
        x_label="threshold",
        y_label="share",
        x_range=UNIT,
        y_range=UNIT,
        marks=marks,
    )
    return figure(title, chart, f"Points are at its threshold, {number(card.threshold)}.")


def calibration_figure(found: Evaluated) -> Markup:
    """Whether scores are probabilities."""
    bins = {
        name: [Bin(**item) for item in calibration_curve(one.card.ranking.whole)]
        for name, one in found.contenders.items()
    }
    title = "Calibration"
    return figure(
        title,
        calibration_chart(title, bins),
        "Bins of equally many rows, with 95 % Wilson intervals; honest scores lie on the dotted "
        "line.",
    )


def score_figure(found: Evaluated) -> Markup:
    """Where the scores of both classes lie."""
    card = found.challenger.card
    curve = score_histogram(card.ranking.whole)
    title = "Scores of the challenger"
    chart = histogram(
        title,
        curve["edges"].tolist(),
        {"negative rows": curve["negative"].tolist(), "positive rows": curve["positive"].tolist()},
        x_label="score",
        y_label="share of its class",
        mark=card.threshold,
    )
    return figure(title, chart, "The dashed line is the decision threshold.")


def headline_figure(found: Evaluated) -> Markup:
    """Metrics between 0 and 1 with their intervals, model beside model."""
    intervals = []
    for metric in SHARES:
        result = found.results[Measure(metric)]
        for group, one in enumerate((result.challenger, result.champion)):
            if one is not None:
                label = metric_name(metric)
                intervals.append(Interval(label, one.estimate, one.lower, one.upper, group))
    title = "Metrics with intervals"
    return figure(title, interval_chart(title, intervals, groups=tuple(found.contenders)))


def difference_figure(found: Evaluated) -> Markup:
    """Challenger minus champion, metric by metric, against no difference."""
    intervals = []
    for metric in SHARES:
        gain = found.results[Measure(metric)].difference
        if gain is not None:
            intervals.append(Interval(metric_name(metric), gain.estimate, gain.lower, gain.upper))
    title = "Challenger minus champion"
    chart = interval_chart(title, intervals, limit=0.0)
    return figure(title, chart, "Paired on the same rows; the dashed line is no difference.")


def slice_figure(metric: str, groups: Slicing, found: Evaluated, shown: int) -> Markup:
    """A metric in each slice with its interval; the line is the metric on all rows."""
    intervals = []
    for name in groups.names[:shown]:
        result = found.results[Measure(metric, groups.column, name)]
        for group, one in enumerate((result.challenger, result.champion)):
            if one is not None:
                intervals.append(Interval(name, one.estimate, one.lower, one.upper, group))
    title = f"{metric.capitalize()} by {groups.column}"
    overall = found.results[Measure(metric)].challenger.estimate
    chart = interval_chart(
        title,
        intervals,
        limit=overall if math.isfinite(overall) else None,
        groups=tuple(found.contenders),
    )
    return figure(title, chart, "The dashed line is the challenger on all rows.")
