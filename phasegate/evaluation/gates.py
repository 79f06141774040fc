"""Gates are data; what they decide is a pure function that fails closed.

A gate is an object of the project file's `evaluation.gates`:

- `{metric, min or max, bound, by}` compares the challenger with a fixed limit. `bound` says which
  end of the interval has to clear it: `estimate` (default), `lower` or `upper`.
- `{metric, margin, against: champion, by}` is a test of non-inferiority on paired differences.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from phasegate.contracts.verdict import Check, Outcome
from phasegate.evaluation.bootstrap import Comparison, Estimate
from phasegate.evaluation.measures import Measure
from phasegate.evaluation.metrics import higher_is_better

Gate = Mapping[str, Any]

DEFAULT_CHAMPION_GATE: Gate = {"metric": "pr_auc", "margin": 0.01, "against": "champion"}
NO_CHAMPION = "no champion: absolute gates only"


def effective_gates(gates: Sequence[Gate], champion_present: bool) -> tuple[Gate, ...]:
    """The declared gates, and one against regressions if a champion has none against it."""
    if champion_present and not any(_is_relative(gate) for gate in gates):
        return (*gates, DEFAULT_CHAMPION_GATE)
    return tuple(gates)


def judge(
    gates: Sequence[Gate], results: Mapping[Measure, Comparison], champion_present: bool
) -> tuple[Check, ...]:
    """What each gate makes of the results; nothing that is missing or not a number passes.

    Args:
        gates: as declared; the gate against regressions is added where it is due.
        results: by measure, of all rows or over the slices of a column.
        champion_present: without one, gates against it are recorded and decide nothing; if they
            were the only ones, the last check says that nothing was decided.
    """
    checks = []
    absolute = 0
    for gate in effective_gates(gates, champion_present):
        found = results.get(Measure(gate["metric"], gate.get("by") or ""))
        if not _is_relative(gate):
            absolute += 1
            checks += _absolute(gate, found)
        elif champion_present:
            checks.append(_against_champion(gate, found))
        else:
            required = f"> {_number(-gate['margin'])}" if "margin" in gate else "a margin"
            checks.append(Check(_name(gate), Outcome.PASS, "no champion", required, NO_CHAMPION))
    if not absolute and not champion_present:
        checks.append(
            Check(
                "absolute gates",
                Outcome.INCONCLUSIVE,
                "none",
                "at least one",
                "there is no champion and no absolute gate is declared: nothing was decided",
            )
        )
    return tuple(checks)


def _absolute(gate: Gate, found: Comparison | None) -> Iterator[Check]:
    name, end = _name(gate), gate.get("bound") or "estimate"
    limits = [kind for kind in ("min", "max") if gate.get(kind) is not None]
    if not limits:
        yield Check(name, Outcome.INCONCLUSIVE, "", "", f"{name} has no min or max to be held to")
    for kind in limits:
        limit = float(gate[kind])
        sign = "\N{GREATER-THAN OR EQUAL TO}" if kind == "min" else "\N{LESS-THAN OR EQUAL TO}"
        required = f"{sign} {_number(limit)}" + ("" if end == "estimate" else f" ({end} bound)")
        if found is None:
            reason = f"{name} was not measured"
            yield Check(name, Outcome.INCONCLUSIVE, "missing", required, reason)
            continue
        estimate = found.challenger
        outcome, reason = _hold_to(name, estimate, kind, limit, end)
        yield Check(name, outcome, _observed(estimate), required, reason)


def _hold_to(name: str, found: Estimate, kind: str, limit: float, end: str) -> tuple[Outcome, str]:
    def clears(value: float) -> bool:
        return value >= limit if kind == "min" else value <= limit

    beyond = "below" if kind == "min" else "above"
    bound = {"estimate": found.estimate, "lower": found.lower, "upper": found.upper}.get(end)
    if not math.isfinite(limit):
        return Outcome.INCONCLUSIVE, f"{name} has a limit that is not a number"
    if not math.isfinite(found.estimate):
        return Outcome.INCONCLUSIVE, (
            f"{name} is not defined on these rows: too few slices, rows or decisions of a class"
        )
    if bound is None or not math.isfinite(bound):
        if not clears(found.estimate):
            return Outcome.BLOCK, f"{name} is {_number(found.estimate)}, {beyond} {_number(limit)}"
        return Outcome.INCONCLUSIVE, f"{name} has no {end} bound: too few rows to know it"
    if clears(bound):
        which = "" if end == "estimate" else f" with its {end} bound at {_number(bound)}"
        return Outcome.PASS, f"{name} is {_number(found.estimate)}{which}"
    if clears(found.estimate):
        return Outcome.INCONCLUSIVE, (
            f"{name} is {_number(found.estimate)}, but its {end} bound, {_number(bound)}, "
            f"is {beyond} {_number(limit)}"
        )
    return Outcome.BLOCK, f"{name} is {_number(found.estimate)}, {beyond} {_number(limit)}"


def _against_champion(gate: Gate, found: Comparison | None) -> Check:
    """Non-inferiority: the whole interval of the improvement lies above -margin."""
    name = _name(gate)
    margin = gate.get("margin")
    if margin is None or not math.isfinite(margin):
        reason = f"{name} has no margin to be held to"
        return Check(name, Outcome.INCONCLUSIVE, "", "", reason)
    required = f"improvement > {_number(-margin)} (lower bound)"
    if found is None or found.difference is None:
        reason = f"{name} was not measured"
        return Check(name, Outcome.INCONCLUSIVE, "missing", required, reason)
    gain = found.difference if higher_is_better(gate["metric"]) else _opposite(found.difference)
    seen = _observed(gain)
    if not all(math.isfinite(value) for value in (gain.estimate, gain.lower, gain.upper)):
        reason = f"{name} has no interval on these rows: too few rows to know it"
        return Check(name, Outcome.INCONCLUSIVE, seen, required, reason)
    span = f"the improvement is between {_number(gain.lower)} and {_number(gain.upper)}"
    if gain.lower > -margin:
        reason = f"{name}: {span}, so it is not worse by {_number(margin)}"
        return Check(name, Outcome.PASS, seen, required, reason)
    if gain.upper < -margin:
        worse = f"by {_number(-gain.upper)} to {_number(-gain.lower)}"
        reason = f"{name} is worse {worse}, more than {_number(margin)}"
        return Check(name, Outcome.BLOCK, seen, required, reason)
    reason = f"{name}: {span}, so it may be worse by {_number(margin)} or more"
    return Check(name, Outcome.INCONCLUSIVE, seen, required, reason)


def _opposite(found: Estimate) -> Estimate:
    return Estimate(-found.estimate, -found.upper, -found.lower, found.undefined)


def _is_relative(gate: Gate) -> bool:
    return gate.get("against") == "champion"


def _name(gate: Gate) -> str:
    by = f" by {gate['by']}" if gate.get("by") else ""
    return f"{gate['metric']}{by}{' against champion' if _is_relative(gate) else ''}"


def _observed(found: Estimate) -> str:
    if not math.isfinite(found.estimate):
        return "not defined"
    text = _number(found.estimate)
    if math.isfinite(found.lower) and math.isfinite(found.upper):
        text += f" ({_number(found.lower)} to {_number(found.upper)})"
    return text


def _number(value: float) -> str:
    return f"{value:.4g}"
