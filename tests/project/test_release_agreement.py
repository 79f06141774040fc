"""A release section that cannot work is refused on load, with the key that is to blame."""

from __future__ import annotations

from pathlib import Path

import pytest

from phasegate.errors import BadInput
from phasegate.project.load import load_project

BASE = """\
version: 1
name: card-fraud
data:
  source: events.csv
  key: id
  label: {column: is_fraud, delay: 3d}
features:
  numeric: [amount]
  categorical: [channel]
evaluation: {slices: [channel]}
release:
"""
LABELS = "  labels: {source: labels}\n"
METRIC = LABELS + "  metric: {sql: amount}\n"
SHADOW = "{name: shadow, weight: 0, mirror: 100, patience: 14d}"
CANARY = "{name: canary, weight: 10, patience: 14d}"
LAST = "{name: all, weight: 100, patience: 14d}"


def phases(*listed: str) -> str:
    return "  phases:\n" + "".join(f"  - {phase}\n" for phase in listed)


def refusal(tmp_path: Path, release: str, base: str = BASE) -> str:
    path = tmp_path / "project.yaml"
    path.write_text(base + release)
    with pytest.raises(BadInput) as refused:
        load_project(path)
    return str(refused.value).removeprefix(str(path))


def with_gate(phase: str, *gates: str, kind: str = "gates") -> str:
    """The three phases, one of which has these gates."""
    listed = {"shadow": SHADOW, "canary": CANARY, "all": LAST}
    listed[phase] = listed[phase].replace("}", f", {kind}: [{', '.join(gates)}]}}")
    return phases(*listed.values())


def test_the_phases_below_are_valid(tmp_path: Path) -> None:
    path = tmp_path / "project.yaml"
    for text in (phases(SHADOW, CANARY, LAST), METRIC, METRIC + phases(SHADOW, CANARY, LAST)):
        path.write_text(BASE + text)
        load_project(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  alfa: {}\n", "unknown key 'release.alfa'"),
        ("  alpha: {rollback: 0.6}\n", "'release.alpha.rollback' is 0.6"),
        ("  alpha: {mismatch: 0}\n", "'release.alpha.mismatch' is 0"),
        ("  unreachable: soon\n", "'release.unreachable' is \"soon\"; expected a duration"),
        ("  slices: [branch]\n", "'release.slices' names 'branch', which is not logged"),
        ("  shadow: {off: no}\n", "'release.shadow.off'"),
        ("  shadow: {off: because}\n", "'release.shadow.off' is \"because\""),
        ("  shadow: {off: '              '}\n", "'release.shadow.off' says nothing"),
        ("  metric: {sql: amount}\n", "'release.metric' needs labels"),
        ("  metric: {name: x}\n", "release.metric"),
        (
            "  metric: {sql: amount, needs_label: false, exact: true}\n",
            "'release.metric.exact' needs to know how much",
        ),
        (
            "  metric: {sql: amount, needs_label: false, lower: 1, upper: 1}\n",
            "'release.metric.upper' is 1; expected more than the lower bound, 1",
        ),
        ("  phases: []\n", "'release.phases' is []"),
        (with_gate("shadow", "{max: 1}"), "'release.phases.0.gates.0.metric' is missing"),
        (
            with_gate("shadow", "{metric: recall, max: 1}"),
            "'release.phases.0.gates.0.metric' is \"recall\"; expected one of \"coverage\"",
        ),
        (phases(CANARY, LAST), "'release.phases[0].weight' is 10: users would be the first"),
        (phases(SHADOW, CANARY), "'release.phases[1].weight' is 10 in the last phase"),
        (
            phases(SHADOW, CANARY.replace("10", "50"), CANARY.replace("canary", "b"), LAST),
            "'release.phases[2].weight' is 10; expected at least 50",
        ),
        (phases(SHADOW, CANARY, CANARY, LAST), "'release.phases[2].name' is 'canary' again"),
        (phases(SHADOW.replace("100", "0"), LAST), "'release.phases[0].mirror' is 0 in a phase of"),
        (
            phases(SHADOW, LAST.replace("100", "100, mirror: 5")),
            "'release.phases[1].mirror' is 5: at weight 100 no request is left",
        ),
        (phases(SHADOW, CANARY.replace("10", "0.001"), LAST), "phases[1].weight' is 0.001"),
        (
            phases(SHADOW.replace("14d", "1d"), LAST),
            "'release.phases[0].patience' is 1d; expected more than minimum.duration, 1d",
        ),
        (
            "  shadow: {off: there is no capacity}\n" + phases(SHADOW),
            "'release.phases' has nothing but shadows",
        ),
        (with_gate("shadow"), "'release.phases[0].gates' is empty"),
        (with_gate("all"), "'release.phases[2].gates' is empty"),
        (
            with_gate("shadow", "{metric: psi, max: 0.2}"),
            "'release.phases[0].gates' has no gate that holds a bound",
        ),
        (
            METRIC + with_gate("shadow", "{metric: errors, max: 0.1}").replace(
                "}\n  - {name: canary, weight: 10, patience: 14d}",
                "}\n  - {name: canary, weight: 10, patience: 14d, guardrails: []}"),
            "'release.metric', is looked at by no gate",
        ),
    ],
)  # fmt: skip
def test_what_cannot_work_is_named(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("phase", "gate", "said"),
    [
        ("shadow", "{metric: psi}", "gates[1]' on psi has no limit; expected max"),
        ("shadow", "{metric: errors, max: 0.1, margin: 0.1}", "gates[1]' on errors has several"),
        ("shadow", "{metric: psi, min: 0.1}", "gates[1].min' says nothing about psi"),
        ("shadow", "{metric: psi, max: 0.1, by: channel}", "gates[1].by' says nothing about psi"),
        ("shadow", "{metric: coverage, min: 99}", "gates[1].min' is 99; expected a share"),
        ("shadow", "{metric: disagreement, max: 2}", "gates[1].max' is 2; expected a share"),
        ("shadow", "{metric: disagreement, max: 0.1, by: city}", "gates[1].by' is 'city'"),
        ("shadow", "{metric: slow, max: 0.1}", "gates[1].over_ms' is missing"),
        ("shadow", "{metric: decisions, margin: 0.1}", "gates[1]' on decisions compares cohorts"),
        ("shadow", "{metric: value, margin: 1, on: cohorts}", "gates[1]' on value compares"),
        ("shadow", "{metric: value, min: 1}", "gates[1].min' is what the challenger earns"),
        ("canary", "{metric: value, min: 1, relative: true}", "gates[1].relative' is about"),
        ("canary", "{metric: psi, max: 0.1}", "gates[1]' on psi looks at pairs"),
        ("canary", "{metric: value, margin: 1, on: pairs}", "gates[1]' on value looks at pairs"),
        ("all", "{metric: errors, margin: 0.1}", "gates[1].margin' compares with the champion"),
        ("all", "{metric: latency, max_ratio: 2}", "gates[1].max_ratio' compares with"),
        ("all", "{metric: psi, max: 0.1}", "gates[1]' compares with the champion"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["gates", "guardrails"])
def test_a_gate_that_could_not_be_judged_is_named(
    tmp_path: Path, phase: str, gate: str, said: str, kind: str
) -> None:
    text = METRIC + with_gate(phase, "{metric: errors, max: 0.5}", gate, kind=kind)
    found = refusal(tmp_path, text)
    assert said.replace("gates[", f"{kind}[") in found
    assert f"release.phases[{('shadow', 'canary', 'all').index(phase)}].{kind}[1]" in found


def test_coverage_needs_every_request_copied(tmp_path: Path) -> None:
    gates = "{metric: coverage, min: 0.9}", "{metric: errors, max: 0.1}"
    text = with_gate("shadow", *gates).replace("mirror: 100", "mirror: 50")
    assert "gates[0]' on coverage counts what is not copied" in refusal(tmp_path, text)


def test_value_needs_a_metric_and_labels_in_time(tmp_path: Path) -> None:
    gate = "{metric: value, margin: 1}"
    errors = "{metric: errors, max: 0.1}"
    missing = refusal(tmp_path, with_gate("shadow", gate))
    assert "gates[0]' on value, and there is no business metric" in missing.replace("is on", "on")
    late = BASE.replace("delay: 3d", "delay: 20d")
    said = refusal(tmp_path, METRIC + with_gate("shadow", errors, gate), late)
    assert "gates[1]' on value could never pass" in said
    assert "release.phases[0].patience" in said


def test_a_metric_whose_labels_come_too_late_for_every_phase_is_not_left_unseen(
    tmp_path: Path,
) -> None:
    late = BASE.replace("delay: 3d", "delay: 60d")
    assert "is looked at by no gate of 'release.phases'" in refusal(tmp_path, METRIC, late)


def test_labels_need_a_key(tmp_path: Path) -> None:
    said = refusal(tmp_path, LABELS, BASE.replace("  key: id\n", ""))
    assert "'release.labels.key' is not known" in said
