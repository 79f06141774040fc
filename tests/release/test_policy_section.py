"""The project file's release section becomes a policy; what it leaves open is taken from others."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from phasegate.digests import canonical_json
from phasegate.project.load import TRAINING, Project, load_project
from phasegate.release.gathering.expression import Expression
from phasegate.release.policy import BusinessMetric, Gate, Labels, Minimum, Policy
from phasegate.release.policy_section import STATISTICAL

DAY = timedelta(days=1)
BASE = """\
version: 1
name: card-fraud
data:
  source: events.csv
  key: id
  label: {column: is_fraud, positive: 'yes', delay: 3d}
features:
  numeric: [amount]
  categorical: [channel, country]
evaluation:
  slices: [channel, branch]
  value: {true_positive: 80, false_positive: -5, false_negative: -120}
"""
LABELS = "  labels: {source: labels}\n"
PHASE = "{name: %s, weight: %s, mirror: %s, patience: 14d%s}"


def project(tmp_path: Path, release: str = "", base: str = BASE) -> Project:
    path = tmp_path / "project.yaml"
    path.write_text(base + (f"release:\n{release}" if release else ""))
    return load_project(path)


def policy(tmp_path: Path, release: str = "", base: str = BASE) -> Policy:
    return project(tmp_path, release, base).policy()


def phases(shadow: str = "", canary: str = "", last: str = "") -> str:
    """Three phases; each argument is more of one."""
    listed = (
        PHASE % ("shadow", 0, 100, shadow),
        PHASE % ("canary", 12.5, 0, canary),
        PHASE % ("all", 100, 0, last),
    )
    return "  phases:\n" + "".join(f"  - {phase}\n" for phase in listed)


def gates_of(tmp_path: Path, *gates: str, phase: int = 0, metric: bool = True) -> list[Gate]:
    key = ("shadow", "canary", "last")[phase]
    text = phases(**{key: f", gates: [{', '.join(gates)}]"})
    found = policy(tmp_path, (LABELS if metric else "") + text)
    return list(found.phases[phase].gates)


def test_a_project_without_the_section_has_a_whole_policy(tmp_path: Path) -> None:
    found = policy(tmp_path)
    names = ["shadow", "canary-5", "canary-10", "ramp-25", "ramp-50", "ramp-100", "bake"]
    assert [phase.name for phase in found.phases] == names
    assert [phase.weight for phase in found.phases] == [0, 500, 1000, 2500, 5000, 10_000, 10_000]
    assert [phase.mirror for phase in found.phases] == [10_000, 0, 0, 0, 0, 0, 0]
    assert found.phases[0].minimum == Minimum(7 * DAY, 5_000, 200)
    assert found.phases[0].patience == 14 * DAY
    assert found.phases[1].minimum.duration == 14 * DAY
    assert (found.false_rollback, found.false_promotion, found.mismatch) == (0.05, 0.05, 0.001)
    assert found.unreachable == timedelta(hours=6)
    assert found.automatic
    assert found.shadow_off == ""
    for phase in found.phases:
        assert any(gate.metric in STATISTICAL for gate in phase.gates)


def test_without_labels_nothing_looks_at_value(tmp_path: Path) -> None:
    found = policy(tmp_path)
    assert found.metric is None
    metrics = {gate.metric for phase in found.phases for gate in phase.gates}
    assert metrics == {
        "coverage", "disagreement", "psi", "latency", "errors", "decisions", "slow",
    }  # fmt: skip


def test_the_metric_is_derived_from_the_value_of_decisions(tmp_path: Path) -> None:
    found = policy(tmp_path, LABELS)
    assert found.metric == BusinessMetric(
        "value of card-fraud",
        "CASE WHEN decision AND label THEN 80.0 WHEN decision THEN -5.0 "
        "WHEN label THEN -120.0 ELSE 0.0 END",
        lower=-120.0,
        upper=80.0,
    )
    assert set(Expression(found.metric.sql).columns(("decision", "label"))) == {
        "decision",
        "label",
    }
    (gate,) = (gate for gate in found.phases[0].gates if gate.metric == "value")
    assert (gate.on, gate.against, gate.relative) == ("pairs", "champion", False)
    assert gate.limit == pytest.approx(0.04)
    (guardrail,) = found.phases[1].guardrails
    assert (guardrail.metric, guardrail.on) == ("value", "cohorts")


def test_a_metric_without_bounds_is_held_to_a_share_of_the_champions_mean(tmp_path: Path) -> None:
    found = policy(tmp_path, "  metric: {sql: amount, needs_label: false}\n")
    assert found.metric == BusinessMetric("value", "amount", needs_label=False)
    (gate,) = (gate for gate in found.phases[0].gates if gate.metric == "value")
    assert (gate.limit, gate.relative) == (0.05, True)


def test_value_is_looked_at_where_labels_come_in_time(tmp_path: Path) -> None:
    """Ramps of a week at most cannot wait for labels that take a week."""
    slow = BASE.replace("delay: 3d", "delay: 7d")
    found = policy(tmp_path, LABELS, slow)
    assert [
        phase.name
        for phase in found.phases
        if any(gate.metric == "value" for gate in (*phase.gates, *phase.guardrails))
    ] == ["shadow", "canary-5", "canary-10"]


def test_labels_are_described_by_the_data_section(tmp_path: Path) -> None:
    assert policy(tmp_path, LABELS).labels == Labels(
        str(tmp_path / "labels"), "id", "is_fraud", "yes", 3 * DAY, "unknown"
    )
    own = (
        "  labels: {source: 'gs://bucket/labels', key: request, column: fraud, positive: false, "
        "delay: 1d, absent: negative}\n"
    )
    assert policy(tmp_path, own).labels == Labels(
        "gs://bucket/labels", "request", "fraud", False, DAY, "negative"
    )


def test_slices_are_those_of_the_evaluation_that_are_logged(tmp_path: Path) -> None:
    assert policy(tmp_path).slices == ("channel",)
    assert policy(tmp_path, "  slices: [country]\n").slices == ("country",)
    assert policy(tmp_path, "  slices: []\n").slices == ()
    dropped = BASE + "serving: {log: {sensitive: {channel: drop}}}\n"
    assert policy(tmp_path, base=dropped).slices == ()
    guardrails = policy(tmp_path).phases[0].guardrails
    assert [(gate.metric, gate.by) for gate in guardrails] == [("disagreement", "channel")]


@pytest.mark.parametrize(
    ("phase", "text", "gate"),
    [
        (0, "{metric: coverage, min: 0.98}", Gate("coverage", 0.98, weight=0.0)),
        (0, "{metric: disagreement, max: 0.02}", Gate("disagreement", 0.02)),
        (0, "{metric: disagreement, max: 0, by: channel}", Gate("disagreement", 0.0, by="channel")),
        (0, "{metric: psi, max: 0.1}", Gate("psi", 0.1, weight=0.0)),
        (0, "{metric: ks, max: 0.1}", Gate("ks", 0.1, weight=0.0)),
        (
            0,
            "{metric: latency, quantile: 0.9, max_ratio: 2}",
            Gate("latency", 2.0, "champion", quantile=0.9),
        ),
        (0, "{metric: errors, margin: 0.005, weight: 3}", Gate("errors", 0.005, "champion",
         weight=3.0)),
        (1, "{metric: errors, max: 0.01}", Gate("errors", 0.01, on="cohorts")),
        (
            1,
            "{metric: slow, over_ms: 250, margin: 0.01}",
            Gate("slow", 0.01, "champion", on="cohorts", over_ms=250.0),
        ),
        (1, "{metric: decisions, margin: 0.01}", Gate("decisions", 0.01, "champion", on="cohorts")),
        (
            0,
            "{metric: value, margin: 0.05, relative: true}",
            Gate("value", 0.05, "champion", relative=True),
        ),
        (
            1,
            "{metric: value, effect: 0.02}",
            Gate("value", -0.02, "champion", on="cohorts"),
        ),
        (2, "{metric: value, min: 3}", Gate("value", 3.0, on="cohorts")),
    ],
)  # fmt: skip
def test_gates_as_written(tmp_path: Path, phase: int, text: str, gate: Gate) -> None:
    statistical = "{metric: errors, max: 0.5}"
    found = gates_of(tmp_path, text, statistical, phase=phase)
    assert found[0] == gate


def test_gates_and_guardrails_replace_the_usual_ones_each_by_itself(tmp_path: Path) -> None:
    text = phases(shadow=", guardrails: [], at_end: freeze, minimum: {requests: 7}")
    found = policy(tmp_path, text).phases[0]
    assert found.guardrails == ()
    assert found.gates == policy(tmp_path).phases[0].gates
    assert found.at_end == "freeze"
    assert found.minimum == Minimum(DAY, 7, 100)


def test_weights_are_basis_points(tmp_path: Path) -> None:
    text = phases().replace("12.5", "0.07")
    assert [phase.weight for phase in policy(tmp_path, text).phases] == [0, 7, 10_000]


def test_a_shadow_that_is_off_leaves_its_reason_and_the_other_phases(tmp_path: Path) -> None:
    found = policy(tmp_path, "  shadow: {off: copies would pay twice}\n")
    assert found.shadow_off == "copies would pay twice"
    assert found.phases[0].name == "canary-5"
    assert found.phases == policy(tmp_path).phases[1:]


def test_the_budget_is_split_over_what_spends_of_it(tmp_path: Path) -> None:
    for text in ("", LABELS):
        found = policy(tmp_path, text)
        gates = [g for p in found.phases for g in (*p.gates, *p.guardrails)]
        assert sum(map(found.alpha_of, gates)) == pytest.approx(found.false_rollback)
        for gate in gates:
            assert (found.alpha_of(gate) > 0) is (gate.metric in STATISTICAL)


@pytest.mark.parametrize("text", ["", LABELS, LABELS + phases(), "  slices: [country]\n"])
def test_a_policy_survives_as_the_parameter_of_a_pipeline(tmp_path: Path, text: str) -> None:
    found = policy(tmp_path, text)
    parameter = canonical_json(found.to_json()).decode()
    assert Policy.from_json(json.loads(parameter)) == found


def test_training_has_no_parameter_of_it(tmp_path: Path) -> None:
    plain, other = project(tmp_path), project(tmp_path, "  automatic: false\n")
    assert plain.parameters() == other.parameters()
    assert set(other.parameters()) == {"name", *TRAINING, "monitoring"}
    assert replace(other.policy(), automatic=True) == plain.policy()


def test_the_example_has_a_policy_that_judges_value() -> None:
    example = Path(__file__).parents[2] / "examples" / "card-fraud.yaml"
    assert load_project(example).policy().phases
