import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from phasegate.cli.release_view import print_status, status_json
from phasegate.release.record import Status
from tests.release import samples
from tests.release.report.chains import DAY, HOUR, POLICY, Chain, promoted, rolled_back, running


def shown(entry, now, *, encoding="utf-8", terminal=False, **known) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(file=file, width=80, force_terminal=terminal, highlight=False)
    print_status(entry, now=now, console=console, **known)
    file.flush()
    return raw.getvalue().decode(encoding)


def test_the_first_line_says_where_it_stands():
    for chain, said in (
        (running(), "card-fraud: shadow, day 3 of 7, running"),
        (promoted(), "card-fraud: PROMOTED"),
        (rolled_back(), "card-fraud: ROLLED BACK in canary"),
    ):
        assert shown(chain.last, chain.now).splitlines()[0] == said


@pytest.mark.parametrize(
    ("minimum", "passed", "said"),
    [
        (7 * DAY, 2.5 * DAY, "day 3 of 7"),
        (7 * DAY, 7 * DAY, "day 8 (7 needed)"),
        (36 * HOUR, 90 * timedelta(minutes=1), "hour 2 of 36"),
        (timedelta(minutes=30), timedelta(seconds=61), "minute 2 of 30"),
        (timedelta(0), timedelta(0), "second 1 (0 needed)"),
        (7 * DAY, -DAY, "day 1 of 7"),
    ],
)
def test_time_is_told_in_the_unit_of_the_minimum(minimum, passed, said):
    first = POLICY.phases[0]
    phase = replace(first, minimum=replace(first.minimum, duration=minimum))
    chain = Chain(replace(POLICY, phases=(phase, *POLICY.phases[1:]))).start()
    assert f"shadow, {said}, running" in shown(chain.last, chain.now + passed)


def test_what_is_missing_stands_there_with_its_numbers():
    chain = running()
    entry = samples.running(0)
    now = samples.START + 3 * DAY
    found = samples.evidence(entry.record, now)
    few = replace(found, pairs=samples.pairs(180))
    told = shown(entry, now, evidence=few)
    assert "3 of 7 days" in told
    assert "1,800 of 5,000 requests\n" in told
    assert "180 of 300 entities\n" in told
    assert "20,000 of 5,000 requests ✓" in shown(entry, now, evidence=found)
    told = " ".join(shown(chain.last, chain.now).split())
    assert "3 of 4 passed" in told
    assert "? INCONCLUSIVE value against champion, on pairs: 0.194" in told
    assert "required ≥ -0.14" in told
    assert "100,000 requests and 20,000 entities needed" in told, "without evidence"


def test_evidence_of_another_phase_counts_for_nothing():
    chain = Chain().start().looks(7.5)
    old = samples.evidence(samples.running(0).record, samples.START + 3 * DAY)
    chain.advance()
    told = status_json(chain.last, chain.now, evidence=old)
    assert told["minimum"]["requests"] == {"seen": None, "needed": 50_000, "reached": False}


def test_it_says_what_happens_next_and_when():
    chain = running()
    told = " ".join(shown(chain.last, chain.now).split())
    assert "to canary: 2025-03-08 06:02 UTC at the earliest, in 4.4 days" in told
    assert "undecided, it ends after 2025-03-15 06:00 UTC" in told
    assert "phasegate release freeze --reason '...' stop where it is" in told
    late = shown(chain.last, chain.now + 8 * DAY)
    assert "to canary: as soon as nothing is missing at a look" in late
    over = rolled_back()
    told = shown(over.last, over.now)
    assert "phasegate audit verify" in told
    assert "earliest" not in told


def test_a_frozen_release_says_why_and_how_to_go_on():
    chain = running().by_hand("freeze", "the rules change today", status=Status.FROZEN)
    lines = shown(chain.last, chain.now).splitlines()
    assert lines[:2] == ["card-fraud: FROZEN in shadow", "the rules change today"]
    assert "phasegate release resume --reason '...'" in "\n".join(lines)


def test_harm_a_kill_and_stray_traffic_are_not_overlooked():
    chain = Chain().start().looks(7.5).advance().looks(2, HOUR, errors=0.012)
    told = shown(chain.last, chain.now)
    assert "✕ harm: errors against champion, on cohorts" in told
    assert "kill switch is on" in shown(chain.last, chain.now, kill=True)
    assert "kill switch" not in shown(chain.last, chain.now, kill=False)
    entry = samples.running(1)
    right = samples.traffic(entry.record)
    now = samples.START + DAY
    assert "follow" not in shown(entry, now, traffic=right).splitlines()[1]
    stray = shown(entry, now, traffic=replace(right, weight=5_000))
    assert "traffic does not follow: the challenger has 50 %" in stray
    assert "kill switch is on" in shown(entry, now, traffic=replace(right, killed=True))
    assert "fails its health" in shown(entry, now, traffic=replace(right, challenger_healthy=False))


def test_without_a_release_it_says_how_to_start_one():
    told = shown(None, samples.START)
    assert told.startswith("no release\n")
    assert "phasegate release start" in told
    assert status_json(None, samples.START)["release"] is None


def test_colour_is_only_for_terminals_and_nothing_is_told_by_it_alone(monkeypatch):
    chain = running()
    plain = shown(chain.last, chain.now)
    assert "\x1b" not in plain
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = shown(chain.last, chain.now, terminal=True)
    assert "\x1b[" in coloured
    assert "\x1b[2mlast        \x1b[0m\x1b[1mlook\x1b[0m, " in coloured, "only the verb is bold"
    monkeypatch.setenv("NO_COLOR", "1")
    uncoloured = shown(chain.last, chain.now, terminal=True)
    assert "\x1b[1;34m" not in uncoloured
    assert "\x1b[31m" not in uncoloured


def test_a_terminal_without_unicode_gets_ascii():
    chain = running()
    chain.record = replace(chain.record, model="カード")
    chain.by_hand("freeze", "理由は長い、とても長い", status=Status.FROZEN)
    told = shown(chain.last, chain.now, encoding="ascii")
    assert "= shadow --- o canary" in told
    assert "???" in told


words = st.text(st.characters(codec="utf-8"), max_size=300)


@settings(deadline=None, max_examples=60)
@given(words, words, words, st.sampled_from(["running", "frozen", "rolled back"]))
def test_any_words_fit_80_columns_and_cannot_steer_the_terminal(name, reason, actor, status):
    phases = [
        replace(phase, name=f"{name[:30]}{index}") for index, phase in enumerate(POLICY.phases * 3)
    ]
    chain = Chain(replace(POLICY, phases=tuple(phases)))
    chain.record = replace(
        chain.record, model=name, challenger=replace(chain.record.challenger, reference=actor)
    )
    chain.write("start", reason, actor=actor).apply()
    chain.by_hand("freeze", reason, status=Status(status))
    told = shown(chain.last, chain.now)
    for line in told.split("\n"):
        assert cell_len(line) <= 80
        assert line.isprintable()
    assert told.count("\n") < 60
    json.dumps(status_json(chain.last, chain.now), allow_nan=False)


def test_wide_characters_keep_the_columns_straight():
    names = ("影", "カナリア", "ramp", "bake")
    phases = tuple(replace(p, name=n) for p, n in zip(POLICY.phases, names, strict=True))
    chain = Chain(replace(POLICY, phases=phases)).start()
    lines = shown(chain.last, chain.now).splitlines()
    at = next(index for index, line in enumerate(lines) if "カナリア" in line)

    def column(line: str, part: str) -> int:
        return cell_len(line[: line.index(part)])

    assert column(lines[at], "ramp") == column(lines[at + 1], "50 %")
    assert column(lines[at], "カナリア") == column(lines[at + 1], "10 %")


def test_the_same_is_told_to_programs():
    chain = running()
    told = json.loads(json.dumps(status_json(chain.last, chain.now, kill=False), allow_nan=False))
    assert told["status"] == "running"
    assert told["phase"] == {
        "name": "shadow", "number": 1, "of": 4, "weight": 0, "mirror": 10_000,
        "started": "2025-03-01T06:00:00+00:00", "applied": "2025-03-01T06:02:00+00:00",
    }  # fmt: skip
    assert [gate["outcome"] for gate in told["gates"]].count("INCONCLUSIVE") == 1
    assert len(told["guardrails"]) == 2
    assert told["earliest_advance"] == "2025-03-08T06:02:00+00:00"
    assert told["patience_ends"] == "2025-03-15T06:00:00+00:00"
    assert told["minimum"]["duration"]["reached"] is False
    assert told["hash"] == chain.last.hash
    assert told["kill"] is False
    assert status_json(promoted().last, chain.now)["earliest_advance"] is None
