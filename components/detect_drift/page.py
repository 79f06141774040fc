"""The drift report as a page: alarms in words first, then features by windows, then shapes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

from components.detect_drift.shapes import worst_shapes
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.drift.judgement import DriftJudgement, FeatureDrift, RuleOutcome
from phasegate.monitoring.drift.report import DriftFindings
from phasegate.monitoring.policy import DriftRules
from phasegate.monitoring.profile import Profile
from phasegate.reports import (
    Markup,
    Section,
    code,
    facts,
    note,
    number,
    page,
    paragraph,
    section,
    table,
)
from phasegate.reports.markup import element

SHOWN = 31
"""Windows that the table has columns for: the last ones."""
STEPS = 5

_SHADES = "".join(
    f".shade{step} {{ background: color-mix(in srgb, var(--block) {step * 16}%, transparent); }}\n"
    for step in range(1, STEPS + 1)
)
STYLE = (
    ".heat td, .heat th { padding: 0.25rem 0.4rem; }\n.heat td { text-align: right; }\n"
    ".heat .out { font-weight: 700; outline: 1px solid var(--block); outline-offset: -1px; }\n"
    + _SHADES
)

METHOD = (
    "A window's counts are compared with the reference's in the same bins. The literal rule is the"
    " rule of thumb. The calibrated one asks for a distance that matters, of enough rows, that"
    " drift-free stretches of the reference do not reach more often than the budget allows, over"
    " all features and channels together. Drift of inputs is a reason to look, not proof of harm;"
    " and when the same inputs come to mean something else, nothing here can show it: labels do."
)


def page_of(
    name: str,
    found: DriftFindings,
    profile: Profile,
    counts: Mapping[datetime, WindowCounts],
    rules: DriftRules,
) -> str:
    """A self-contained HTML page; same findings, same bytes.

    Args:
        name: of the model.
        found: judgements of the windows.
        profile: the reference.
        counts: of the windows, by their start.
        rules: what was allowed.
    """
    windows = found.windows
    subtitle = "no windows"
    if windows:
        subtitle = (
            f"{found.alerts} of {len(windows)} windows alert, {_time(windows[0].since)} to "
            f"{_time(windows[-1].until)} UTC"
        )
    parts: list[Section | Markup] = [_alarms(found)]
    if windows:
        parts += [_rules(windows, rules), _heat(windows[-SHOWN:], rules)]
        shapes = worst_shapes(found, profile, counts)
        parts += [section("Shapes of the worst", shapes)] if shapes else []
    parts.append(section("How it was judged", paragraph(METHOD)))
    footer = paragraph("Model ", code(profile.model_digest), " profile ", code(profile.digest))
    return page(f"Drift of {name}", subtitle, parts, footer=footer, style=STYLE)


def _alarms(found: DriftFindings) -> Section:
    rows = [
        (_time(window.since), str(alarm.channel), alarm.reason, alarm.observed, alarm.allowed)
        for window in reversed(found.windows)
        for alarm in window.alarms
    ]
    unjudged = [one for one in found.windows if not one.judged]
    notes = [note(one) for one in found.notes]
    if unjudged:
        said = f"{len(unjudged)} windows were not judged: {unjudged[-1].calibrated.reason}."
        notes.insert(0, note(said + " That is not the same as no drift.", kind="warning"))
    return section(
        "Alarms",
        table(
            ("window", "channel", "what", "observed", "allowed"), rows, align="lllll", stack=True,
            empty="Nothing was found to be otherwise than in the reference.",
        ),
        *notes,
    )  # fmt: skip


def _rules(windows: tuple[DriftJudgement, ...], rules: DriftRules) -> Section:
    def row(name: str, outcomes: list[RuleOutcome]) -> tuple[object, ...]:
        acted = "alerts" if rules.act_on == name else "reported only"
        rate = outcomes[-1].false_alarms
        measured = number(rate, 2) if math.isfinite(rate) else "not measured"
        alerts = sum(one.alert for one in outcomes)
        return name, acted, f"{alerts} of {len(outcomes)}", measured, outcomes[-1].reason

    return section(
        "The two rules",
        table(
            ("rule", "", "windows", "false alarms in 30 days", "last window"),
            [
                row("literal", [one.literal for one in windows]),
                row("calibrated", [one.calibrated for one in windows]),
            ],
            caption="False alarms are those that the reference itself would have set off: of the "
            "calibrated rule, in parts of it that were held out while its bounds were made.",
            align="lllll",
            stack=True,
        ),
        facts(
            {
                "budget of false alarms in 30 days": rules.calibrated.false_alarms,
                "least KS distance": rules.calibrated.ks,
                "least debiased PSI": rules.calibrated.psi,
                "least rows": rules.calibrated.min_rows,
            }
        ),
    )


def _heat(windows: tuple[DriftJudgement, ...], rules: DriftRules) -> Section:
    """Features by windows; a cell is the distance, shaded by how much of the allowed it is."""
    head = [element("th", "feature", scope="col")]
    head += [element("th", f"{one.since:%m-%d}", scope="col") for one in windows]
    by_name = [{one.feature: one for one in window.features} for window in windows]
    for names, window in zip(by_name, windows, strict=True):
        if window.predictions is not None:
            names["score"] = window.predictions
    order = sorted(
        {name for names in by_name for name in names},
        key=lambda name: (-max(_worth(names.get(name)) for names in by_name), name),
    )
    body = [
        element(
            "tr",
            element("th", name, scope="row"),
            *(_cell(names.get(name), rules) for names in by_name),
        )
        for name in order
    ]
    caption = "KS distance or total variation; framed where the feature drifts by the rule acted on"
    rendered = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *head)),
        element("tbody", *body),
        class_="heat",
    )
    return section(
        "Features by windows",
        element("div", rendered, class_="scroll", tabindex="0", role="region", aria_label=caption),
    )


def _cell(one: FeatureDrift | None, rules: DriftRules) -> Markup:
    if one is None:
        return element("td", "\N{EN DASH}")
    drifts = one.literal if rules.act_on == "literal" else one.calibrated
    if not math.isfinite(one.distance):
        return element("td", "?" if drifts else "\N{EN DASH}", class_="out" if drifts else None)
    step = min(STEPS, int(one.distance / max(rules.calibrated.ks, 1e-9) * STEPS / 2))
    style = " ".join([f"shade{step}"] * (step > 0) + ["out"] * drifts)
    said = f"PSI {one.psi:.3f}, p {one.p_value:.2g}, missing {one.missing:.1%}"
    return element("td", f"{one.distance:.2f}", class_=style or None, title=said)


def _worth(one: FeatureDrift | None) -> float:
    if one is None:
        return -1.0
    return one.distance if math.isfinite(one.distance) else math.inf


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
