import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.release.decision import Action
from phasegate.release.evidence import Proportion
from phasegate.release.record import Status
from phasegate.release.report import release_report
from tests.release import samples
from tests.release.report.chains import HOUR, POLICY, Chain, promoted, rolled_back, running

EVIL = "\"'></title></td></svg><script>alert(1)</script><img src=http://x/ onerror=a>\x00\x1b[31m"
VOID = {"meta", "line", "path", "rect", "circle", "br"}


class Outline(HTMLParser):
    """Elements and words of a document; refuses tags that do not nest."""

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._open: list[str] = []
        self.feed(document)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in VOID
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] != "style":
            self.words += f" {data}"

    def tags(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def nothing(_: str) -> None:
    """No evidence is left."""


def assert_self_contained(document: str) -> Outline:
    outline = Outline(document)
    for tag, attributes in outline.elements:
        assert tag not in ("script", "img", "link", "iframe", "object", "a:href", "base")
        assert not any(name.startswith("on") for name in attributes)
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
    style = document.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    return outline


def drawings(document: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", document, re.S)]


@pytest.mark.parametrize("chain", [promoted(), rolled_back(), running(), Chain().start()])
def test_a_report_is_one_well_formed_page_that_needs_nothing_else(chain):
    document = release_report(chain.entries, nothing)
    outline = assert_self_contained(document)
    assert len(drawings(document)) >= 2
    assert len({a["id"] for _, a in outline.elements if "id" in a}) == sum(
        "id" in a for _, a in outline.elements
    )
    assert document == release_report(chain.entries, nothing)


def test_the_headline_says_who_where_and_why():
    words = Outline(release_report(rolled_back().entries, nothing)).words
    head = words.partition("Timeline")[2].partition("Timeline")[0]
    assert "Rolled back" in head
    assert "errors against champion, on cohorts: 2.2 % more" in head
    for part in ("card-fraud/6", "a3f5a3f5a3f5", "card-fraud/7", "b1946ac92492"):
        assert part in head


def test_a_running_release_says_what_it_waits_for():
    chain = running()
    words = Outline(release_report(chain.entries, nothing)).words
    assert "Running" in words
    assert re.search(r"shadow, day 3 of 7 :\s+3.1 of 7 days seen", words)


def test_the_timeline_has_every_phase_every_share_and_every_decision():
    document = release_report(promoted().entries, nothing)
    wide = next(svg for svg in drawings(document) if svg.get("class") == "wide")
    said = [title.text or "" for title in wide.iter("title")]
    for phase in ("shadow", "canary", "canary, frozen", "ramp", "bake"):
        assert any(text.startswith(f"{phase}: from 2025-03") for text in said)
    for action in ("start", "advance to canary", "freeze", "resume", "advance to ramp", "finish"):
        assert any(f" UTC: {action}, by " in text for text in said)
    words = [text.text for text in wide.iter("text")]
    assert "freeze (by hand)" in words
    assert "advance" in words
    curve = next(p.get("d") for p in wide.iter("path") if p.get("class") == "line s0")
    across = [float(x) for x in re.findall(r"[MH]([\d.]+)", curve)]
    assert across == sorted(across)
    heights = [float(y) for y in re.findall(r"V([\d.]+)", curve)]
    assert heights == sorted(heights, reverse=True), "a promotion's share only grows"


def test_outcomes_are_told_in_words():
    document = release_report(rolled_back().entries, nothing)
    table = document.partition('id="part-2"')[2].partition("</section>")[0]
    for word in ("BLOCK", "INCONCLUSIVE", "PASS", "guardrail", "gate", "≤ 1.00 %"):
        assert word in table
    assert table.index("BLOCK") < table.index("INCONCLUSIVE") < table.index("PASS")


def test_gates_are_drawn_under_the_phase_that_they_were_looked_at_in():
    document = release_report(promoted().entries, nothing)
    shadow = document.partition("Phase shadow")[2].partition("Phase canary")[0]
    assert "coverage" in shadow
    assert "on cohorts" not in shadow
    canary = document.partition("Phase canary")[2].partition("Phase ramp")[0]
    assert "coverage" not in canary, "the look that advanced was a look at shadow"
    assert "errors, on cohorts" in document.partition("Phase bake")[2]


def test_the_error_budget_is_split_by_weight():
    words = Outline(release_report(running().entries, nothing)).words
    budget = words.partition("passes with a probability")[2].partition("Audit log")[0]
    shares = [float(part) for part in re.findall(r"(\d\.\d{3}) %", budget)]
    assert sum(shares) == pytest.approx(100 * POLICY.false_rollback, abs=0.01)
    assert max(shares) == pytest.approx(4 * min(shares), abs=0.005)


def test_looks_in_a_row_are_one_line_of_the_audit_log_and_nothing_else_is_left_out():
    chain = rolled_back()
    document = release_report(chain.entries, nothing)
    audit = document.partition(">Audit log</h2>")[2].partition("</section>")[0]
    loud = [entry for entry in chain.entries if entry.action != "look"]
    assert audit.count("<tr>") == len(loud) + 2 + 1, "two phases of looks, and the head"
    for entry in loud:
        assert entry.hash[:12] in audit
    assert "47 looks" in audit


def test_it_says_how_to_verify_it():
    chain = promoted()
    words = Outline(release_report(chain.entries, nothing)).words
    assert "phasegate audit verify" in words
    assert chain.last.hash in words
    assert "does not hold together" not in words


def test_a_log_that_was_changed_is_not_shown_as_if_it_were_whole():
    entries = promoted().entries
    edited = [*entries[:40], replace(entries[40], reason="all is well"), *entries[41:]]
    cut = [*entries[:40], *entries[41:]]
    for changed, at in ((edited, 41), (cut, 42)):
        words = Outline(release_report(changed, nothing)).words
        assert f"does not hold together at entry {at}" in words


def test_earlier_releases_are_left_out():
    first = rolled_back()
    second = Chain(before=first.last)
    second.now = first.now + timedelta(days=1)
    second.start().looks(1)
    words = Outline(release_report([*first.entries, *second.entries], nothing)).words
    assert "Running" in words
    assert "Rolled back" not in words
    assert f"From audit entries {len(first.entries) + 1}" in words


def test_without_entries_there_is_no_report():
    with pytest.raises(BadInput, match="no release"):
        release_report([], nothing)


def test_slices_come_from_the_newest_evidence_that_has_them_and_little_is_read():
    chain = promoted()
    asked = []

    def evidence(digest):
        asked.append(digest)
        entry = samples.running(0)
        found = samples.evidence(entry.record, samples.START + timedelta(days=3))
        slices = {"country": {"DE": Proportion(2, 400), EVIL: Proportion(30, 300)}}
        return replace(found, pairs=replace(found.pairs, slices=slices)) if len(asked) > 2 else None

    document = release_report(chain.entries, evidence)
    words = assert_self_contained(document).words
    assert len(asked) <= len(chain.record.policy.phases)
    assert "In phase canary, champion and challenger decided 0.10 % of all rows" in words
    assert words.index("country = \"'>") < words.index("country = DE"), "the worst slice first"
    assert "10.00 %" in words


hostile = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    [EVIL, "x" * 5_000, "]]>", "<!--", "&lt;"]
)


@settings(deadline=None, max_examples=40)
@given(hostile, hostile, hostile, hostile)
def test_other_peoples_words_stay_words(reason, actor, name, phase):
    phases = (replace(POLICY.phases[0], name=phase or "p"), *POLICY.phases[1:])
    chain = Chain(replace(POLICY, phases=phases))
    chain.record = replace(
        chain.record, model=name, champion=replace(chain.record.champion, reference=actor)
    )
    chain.write("start", reason, actor=actor)
    chain.now += HOUR
    found = promoted().entries[5].decision
    worded = replace(
        found,
        reasons=(reason,),
        findings=tuple(
            replace(f, name=name, observed=actor, required=reason) for f in found.findings
        ),
    )
    chain.write("look", reason, actor=actor, decision=worded)
    chain.by_hand("freeze", reason, status=Status.FROZEN)
    document = release_report(chain.entries, nothing)
    assert_self_contained(document)
    drawings(document)
    document.encode()


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(-100, 100), min_size=1, max_size=20))
def test_a_clock_that_goes_back_is_drawn_as_if_it_had_stood_still(hours):
    chain = Chain().start()
    for step in hours:
        chain.now += step * HOUR
        chain.write("look", "waiting", decision=chain.decision())
    document = release_report(chain.entries, nothing)
    for svg in drawings(document):
        for path in svg.iter("path"):
            if (path.get("class") or "").startswith(("line", "between", "area", "look")):
                assert "nan" not in path.get("d")
    wide = next(svg for svg in drawings(document) if svg.get("class") == "wide")
    curve = next(p.get("d") for p in wide.iter("path") if p.get("class") == "line s0")
    across = [float(x) for x in re.findall(r"[MH]([\d.]+)", curve)]
    assert across == sorted(across)


def test_a_page_stays_small_whatever_is_in_the_log():
    chain = Chain().start().looks(300, timedelta(minutes=144))
    assert len(chain.entries) > 2_900
    for index in range(900):
        chain.now += HOUR
        chain.by_hand("freeze" if index % 2 else "resume", "to and fro " * 300)
    many = chain.decision(Action.HOLD, "undecided " * 1_000)
    sliced = tuple(
        replace(many.findings[0], name=f"disagreement, country = {index} {'y' * 900}")
        for index in range(1_000)
    )
    chain.write("look", "undecided", decision=replace(many, findings=sliced))
    document = release_report(chain.entries, nothing)
    assert len(document) < 1_500_000
    outline = assert_self_contained(document)
    assert "880 more findings are not shown" in outline.words
    assert "are not drawn" in outline.words
    assert "lines after the first" in outline.words
    assert f"{chain.last.sequence:,}" in outline.words
