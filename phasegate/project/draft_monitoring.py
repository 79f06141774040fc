"""How the model of an inspected table is watched, as a proposal: the section `monitoring`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phasegate.project.flow_values import flow

if TYPE_CHECKING:
    from phasegate.project.inspection import Inspection

RARE, BALANCED = 0.05, 0.35  # shares of positive rows


def monitoring(inspection: Inspection, rate: float) -> list[str]:
    """Lines of the section.

    Args:
        inspection: of the table.
        rate: share of positive rows.
    """
    roles = inspection.roles
    metric = "accuracy" if rate >= BALANCED else "precision"
    guessing = max(rate, 1 - rate) if metric == "accuracy" else rate
    floor = 0.8 if rate < RARE else guessing + 0.25 * (1 - guessing)
    delay = f"{inspection.delay_days}d"
    lines = [
        "# How the model is watched once it is served: `phasegate monitor run`, once a day or so.",
        "monitoring:",
        "  # Below the floor it is trained again; guessing has "
        f"{'an' if metric == 'accuracy' else 'a'} {metric} of {guessing:.3f}.",
        f"  performance: {{metric: {metric}, floor: {floor:.2g}, window: 7d}}",
        "  # What it is asked and answers, against the held-out rows.",
        "  drift: {window: 1d, calibrated: {false_alarms: 1}}   # in 30 days without drift",
        "  retraining: {automatic: true, cooldown: 14d}         # false leaves it to a person",
    ]
    if roles.key:
        example = f"{{source: outcomes/*.parquet, key: {flow(roles.key)}, delay: {delay}}}"
        lines += [
            "  # Where it is written what became of the events; nothing is measured without it.",
            f"  # labels: {example}",
        ]
    else:
        lines.append("  # labels: needs a column that equals a request's id; none was found.")
    return lines
