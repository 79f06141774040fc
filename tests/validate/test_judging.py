"""The verdict fails closed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from components.validate.findings import NEVER_ALLOWED, SEVERITY, Finding, Severity, severity_of
from components.validate.judging import assess, judge
from phasegate.contracts.verdict import Outcome

UNHURRIED = settings(deadline=None)  # a busy machine is no failure
findings = st.lists(
    st.builds(
        Finding,
        column=st.sampled_from(["", "amount", "fraud"]),
        kind=st.sampled_from([*SEVERITY, "SOMETHING_NEW"]),
        what=st.text(max_size=20),
        fix=st.text(max_size=20),
    ),
    max_size=8,
)


def verdict(found: list[Finding], allow: frozenset[str], rows: int, counted: int | None) -> Outcome:
    return judge(assess(found, allow), snapshot_digest="d", rows=rows, counted=counted).outcome


@UNHURRIED
@given(findings, st.integers(0, 5), st.none() | st.integers(0, 5))
def test_it_passes_only_if_all_rows_were_counted_and_nothing_blocks(
    found: list[Finding], rows: int, counted: int | None
) -> None:
    blocks = any(severity_of(finding.kind) is Severity.BLOCK for finding in found)
    passes = not blocks and counted == rows and rows > 0
    expected = Outcome.PASS if passes else Outcome.BLOCK
    assert verdict(found, frozenset(), rows, counted) is expected


@UNHURRIED
@given(findings)
def test_no_wildcard_lets_missing_statistics_through(found: list[Finding]) -> None:
    allow = frozenset(f"*: {finding.kind}" for finding in found)
    stays = any(finding.kind in NEVER_ALLOWED for finding in found)
    assert verdict(found, allow, 10, 10) is (Outcome.BLOCK if stays else Outcome.PASS)
    assert verdict(found, allow, 10, None) is Outcome.BLOCK


@UNHURRIED
@given(findings.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_in_which_things_were_found_does_not_matter(
    both: tuple[list[Finding], list[Finding]],
) -> None:
    found, mixed = both
    assert assess(found, frozenset()) == assess(mixed, frozenset())


def test_a_kind_that_nobody_knows_blocks() -> None:
    assert severity_of("INVENTED_TOMORROW") is Severity.BLOCK


def test_allowing_one_column_does_not_allow_another() -> None:
    found = [Finding(column, "INFINITE_VALUES", "is infinite", "") for column in ("a", "b")]
    allow = frozenset({"a: INFINITE_VALUES"})
    first, second = assess(found, allow)
    assert (first.finding.column, first.severity) == ("b", Severity.BLOCK)
    assert (second.finding.column, second.severity, second.allowed) == ("a", Severity.WARN, True)


def test_each_reason_says_where_what_and_what_to_do() -> None:
    found = [Finding("id", "KEY_REPEATED", "is repeated 3 times", "Remove it.", example="k7")]
    (reason,) = judge(assess(found, frozenset()), snapshot_digest="d", rows=1, counted=1).reasons
    assert reason == "Column id is repeated 3 times (for example k7). Remove it."
