"""The tables of a release report: findings, slices, error budget, phases, audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from phasegate.release.decision import Finding
from phasegate.release.entry import Entry
from phasegate.release.evidence import Evidence
from phasegate.release.policy import Gate, Policy
from phasegate.release.report.history import judged_in
from phasegate.release.report.standing import shares_text
from phasegate.release.report.time_axis import duration_text, moment_text
from phasegate.reports.elements import badge, code, note, paragraph, table
from phasegate.reports.markup import Markup, join, void
from phasegate.reports.numerals import percent

MOST_ROWS, MOST_FINDINGS, MOST_CHARACTERS = 300, 120, 600
_ORDER = {"BLOCK": 0, "INCONCLUSIVE": 1, "PASS": 2}


def clipped(said: str) -> str:
    """At most so many characters of a text that may be of any length."""
    return said if len(said) <= MOST_CHARACTERS else f"{said[: MOST_CHARACTERS - 1]}…"


def findings_table(findings: Sequence[Finding], when: str) -> Markup:
    """What gates and guardrails found at one look, the worst first."""
    worst = sorted(findings, key=lambda found: (_ORDER[found.outcome], found.guardrail))
    rows = [
        (
            clipped(found.name),
            "guardrail" if found.guardrail else "gate",
            badge(found.outcome),
            clipped(found.observed),
            clipped(found.required),
            found.units,
            clipped(found.reason),
        )
        for found in worst[:MOST_FINDINGS]
    ]
    headers = ("looked at", "as", "outcome", "observed", "required", "units", "in a sentence")
    shown = table(headers, rows, caption=when, align="lllllrl", stack=True,
                  empty="Nothing was looked at yet.")  # fmt: skip
    left_out = len(worst) - len(rows)
    return join(
        [shown, note(f"{left_out:,} more findings are not shown.")] if left_out else [shown]
    )


def slices_table(
    entries: Sequence[Entry], evidence: Callable[[str], Evidence | None]
) -> tuple[object, ...]:
    """Where the two decide differently, slice by slice, at the last look that has them."""
    tried: set[str] = set()
    for index, record in reversed(list(judged_in(entries))):
        digest = entries[index].evidence
        # Evidence is read one phase after the other, back from the newest: it may be far away.
        if not digest or record.current.name in tried:
            continue
        tried.add(record.current.name)
        found = evidence(digest)
        if found is None or found.pairs is None or not found.pairs.slices:
            continue
        rows = [
            (column, value, part.count, part.of, part.count / part.of if part.of else 0.0)
            for column, values in found.pairs.slices.items()
            for value, part in values.items()
        ]
        rows.sort(key=lambda row: (-row[4], row[0], row[1]))
        shown = [
            (clipped(f"{c} = {v}"), count, of, percent(share, 2))
            for c, v, count, of, share in rows[:MOST_ROWS]
        ]
        every = found.pairs.disagreements
        overall = percent(every.count / every.of, 2) if every.of else "no"
        words = f"In phase {record.current.name}, champion and challenger decided {overall} of all "
        words += "rows differently. Slices by the share that they decide differently:"
        parts = [paragraph(words)]
        headers = ("slice", "decided differently", "rows", "share")
        parts.append(table(headers, shown, caption=f"as of {moment_text(found.until)}",
                           align="lrrr"))  # fmt: skip
        if len(rows) > len(shown):
            parts.append(note(f"{len(rows) - len(shown):,} slices with less are not shown."))
        return tuple(parts)
    return ()


def budget_table(policy: Policy) -> tuple[object, ...]:
    """How the probability of a false rollback is split, and what each gate holds against."""
    rows = [
        (
            f"{phase.name}: {gate_name(gate)}",
            "guardrail" if guardrail else "gate",
            _limit(gate),
            f"{gate.weight:g}",
            percent(policy.alpha_of(gate), 3),
        )
        for phase in policy.phases
        for gates, guardrail in ((phase.gates, False), (phase.guardrails, True))
        for gate in gates
    ]
    words = (
        f"A challenger that is as good as it must be is rolled back with a probability of at most "
        f"{percent(policy.false_rollback)}, however often it is looked at. That is split over all "
        f"gates and guardrails by their weights. One that is worse than a value gate allows "
        f"passes with a probability of at most {percent(policy.false_promotion)}; every gate has "
        f"that whole, as all must pass. Sound cohorts are frozen as a sample-ratio mismatch with "
        f"a probability of at most {percent(policy.mismatch, 2)}."
    )
    headers = ("phase and what is looked at", "as", "limit", "weight", "share of the budget")
    shown = table(headers, rows[:MOST_ROWS], align="lllrr", empty="The policy has no gates.")
    return paragraph(words), shown


def phases_table(policy: Policy) -> Markup:
    """What each phase gives the challenger, and what it asks for."""
    rows = [
        (
            phase.name,
            shares_text(phase),
            duration_text(phase.minimum.duration),
            phase.minimum.requests,
            phase.minimum.entities,
            f"{duration_text(phase.patience)}, then {phase.at_end}",
        )
        for phase in policy.phases
    ]
    headers = ("phase", "challenger gets", "at least", "requests", "entities", "patience")
    return table(headers, rows[:MOST_ROWS], align="lllrrl")


def audit_table(entries: Sequence[Entry]) -> Markup:
    """Who did what, when and why; looks in a row are one line."""
    groups = list(_grouped(entries))
    rows = [_audit_row(group) for group in groups]
    left_out = max(0, len(rows) - MOST_ROWS)
    if left_out:
        first = MOST_ROWS // 4
        rows = [*rows[:first], *rows[first + left_out :]]
    headers = ("entry", "when", "who", "what", "why", "evidence", "hash")
    shown = table(headers, rows, caption="newest last", align="lllllll", stack=True)
    if not left_out:
        return shown
    return join([note(f"{left_out:,} lines after the first {first} are not shown."), shown])


def gate_name(gate: Gate) -> str:
    """A gate of a policy in a few words."""
    name = {"psi": "PSI", "ks": "KS distance"}.get(gate.metric, gate.metric)
    if gate.metric in ("value", "latency", "slow"):
        name += f" on {gate.on}"
    if gate.metric == "slow":
        name += f" over {gate.over_ms:g} ms"
    if gate.metric == "latency":
        name += f" at p{100 * gate.quantile:g}"
    return f"{name}, each {gate.by}" if gate.by else name


def _limit(gate: Gate) -> str:
    size = percent(gate.limit) if gate.relative else f"{gate.limit:g}"
    return f"{size} against the champion" if gate.against == "champion" else size


def _grouped(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    group: list[Entry] = []
    for entry in entries:
        if group and not (entry.action == group[-1].action == "look"):
            yield group
            group = []
        group.append(entry)
    if group:
        yield group


def _audit_row(group: Sequence[Entry]) -> tuple[object, ...]:
    first, last = group[0], group[-1]
    actors = list(dict.fromkeys(entry.actor for entry in group))
    several = len(group) > 1
    when = [moment_text(first.at), void("br"), f"to {moment_text(last.at)}"] if several else [
        moment_text(last.at)
    ]  # fmt: skip
    return (
        f"{first.sequence:,} to {last.sequence:,}" if several else f"{last.sequence:,}",
        join(when),
        clipped(", ".join(actors)),
        f"{len(group):,} looks" if several else last.action,
        clipped(last.reason),
        code(last.evidence[:12]) if last.evidence else None,
        code(last.hash[:12]),
    )
