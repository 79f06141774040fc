"""Learning curves as a page to read."""

from __future__ import annotations

from phasegate.reports import (
    Mark,
    Series,
    code,
    facts,
    figure,
    figures,
    line_chart,
    note,
    number,
    page,
    section,
    table,
)
from phasegate.training.train import Training


def learning_curves(training: Training) -> str:
    """HTML: how training went round by round, what it used, and the threshold it chose."""
    threshold, fit = training.threshold, training.fit
    warnings = []
    if not threshold.attained:
        warnings.append(
            note(
                f"No threshold attains “{threshold.objective}” on the {threshold.rows} calibration "
                f"rows; the nearest one was taken: precision {threshold.precision:.4f}, recall "
                f"{threshold.recall:.4f}.",
                kind="warning",
            )
        )
    decision = {
        "objective": threshold.objective,
        "threshold": threshold.value,
        "precision": threshold.precision,
        "recall": threshold.recall,
        "calibration rows": threshold.rows,
    }
    return page(
        f"Training of {training.model.name}",
        f"{fit.rounds} trees kept of {len(fit.history)} grown",
        [
            *warnings,
            section(
                "Learning curves",
                figures(
                    _curve(training, "aucpr", "PR-AUC"),
                    _curve(training, "logloss", "log loss"),
                ),
            ),
            section("Decision threshold", facts(decision)),
            section(
                "Rows",
                table(["slice", "rows"], list(training.split.sizes.items())),
            ),
            section(
                "Parameters",
                table(
                    ["parameter", "value"],
                    [[name, str(value)] for name, value in sorted(training.parameters.items())],
                ),
                facts({"model": code(training.model.digest)}),
            ),
        ],
    )


def _curve(training: Training, metric: str, label: str):
    values = [entry[metric] for entry in training.fit.history]
    rounds = list(range(1, len(values) + 1))
    best = training.fit.rounds
    chart = line_chart(
        f"Validation {label} by round",
        [Series(label, rounds, values)],
        x_label="round",
        y_label=label,
        marks=[Mark("kept", best, values[best - 1])],
    )
    return figure(
        f"Validation {label}",
        chart,
        f"{number(values[best - 1], 4)} at round {best}, the last kept",
    )
