from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from phasegate.contracts.verdict import Outcome
from phasegate.release import transitions
from phasegate.release.audit import Chain, verify
from phasegate.release.decision import Action, Decision
from phasegate.release.entry import Entry
from phasegate.release.record import Status
from tests.release import chains, samples
from tests.release.chains import PASSED, forged


def _verify(entries: list[Entry], head: Entry) -> Chain:
    return verify(entries, head, lambda _: "")


_ADVANCE, _CANARY, _FINISH, _SETTLED = 2, 3, 8, 9  # places in the log of a promoted release
_FAILED = replace(PASSED, outcome=Outcome.INCONCLUSIVE)
_HARM = replace(PASSED, outcome=Outcome.BLOCK, guardrail=True)
_MANUAL = {"decision": None, "evidence": ""}


@pytest.mark.parametrize(
    ("place", "record", "entry", "what"),
    [
        (_ADVANCE, {"phase": 2}, {}, "'advance' went from phase 1 to 3"),
        (_ADVANCE, {"phase": 0}, {}, "'advance' went from phase 1 to 1"),
        (_ADVANCE, {"phase_applied": samples.START}, {}, "takes for granted that traffic follows"),
        (_ADVANCE, {"seen": samples.START - samples.DAY}, {}, "put the time of the last look back"),
        (_ADVANCE, {"status": Status.PROMOTED}, {}, "'advance' leaves it promoted"),
        (_ADVANCE, {"champion": samples.CHALLENGER}, {}, "'advance' changed champion"),
        (_ADVANCE, {"policy": samples.policy(false_promotion=0.5)}, {}, "'advance' changed policy"),
        (_ADVANCE, {"sequence": 9}, {}, "it holds the record of entry 9"),
        (_ADVANCE, {}, {"decision": None}, "'advance' without a decision"),
        (_ADVANCE, {}, {"evidence": ""}, "'advance' without evidence"),
        (_ADVANCE, {}, {"action": "apply"}, "'apply' after the decision 'advance'"),
        (_ADVANCE, {}, {"action": "bless", **_MANUAL}, "'bless' is nothing"),
        (_ADVANCE, {}, {"schema": "phasegate.release/0"}, "its format is phasegate.release/0"),
        (_FINISH, {}, {"decision": Decision(Action.FINISH, ("yes",))}, "without a gate"),
        (_FINISH, {}, {"decision": Decision(Action.FINISH, ("yes",), (PASSED, _FAILED))},
         "'finish' though gate 'errors' is INCONCLUSIVE"),
        (_FINISH, {}, {"decision": Decision(Action.FINISH, ("yes",), (PASSED, _HARM))},
         "'finish' though a guardrail is BLOCK"),
        (_FINISH, {}, {"decision": Decision(Action.HOLD, ("no",), (PASSED,))},
         "'finish' after the decision 'hold'"),
        (_FINISH, {"settled": True}, {}, "'finish' changed settled"),
        (_CANARY, {"phase_applied": None}, {}, "says that traffic followed before the phase began"),
        (_CANARY, {"phase": 2}, {}, "'apply' changed phase"),
        (_SETTLED, {"settled": False}, {}, "'settle' leaves it unsettled"),
        (_SETTLED, {"status": Status.RUNNING}, {"action": "resume"},
         "'resume' of a release that is promoted"),
        (_SETTLED, {"status": Status.FROZEN}, {"action": "freeze"},
         "'freeze' of a release that is promoted"),
        (_SETTLED, {"status": Status.ROLLED_BACK, "settled": False},
         {"action": "roll back", "decision": Decision(Action.ROLL_BACK, ("harm",))},
         "which only a person may do"),
    ],
)  # fmt: skip
def test_a_well_sealed_entry_of_what_cannot_have_happened_is_found(
    place: int, record: dict[str, Any], entry: dict[str, Any], what: str
) -> None:
    chain = chains.promoted()[: place + 1]
    chain[place] = forged(chain[place - 1], chain[place], record, **entry)
    found = _verify(chain, chain[-1])
    assert any(what in flaw.what and flaw.sequence == place + 1 for flaw in found.flaws), found


def test_a_promotion_from_a_phase_that_is_not_the_last_is_found() -> None:
    chain = chains.promoted()
    early = forged(chain[1], chain[_FINISH], {"phase": 0, "seen": chain[1].record.seen})
    found = _verify([*chain[:2], early], early)
    assert "'finish' came in phase 1 of 4" in [flaw.what for flaw in found.flaws]


def test_a_promotion_before_traffic_followed_is_found() -> None:
    chain = chains.promoted()
    before = chain[_FINISH - 2]
    assert before.record.phase_applied is None
    early = forged(before, chain[_FINISH], {"phase_applied": None})
    found = _verify([*chain[: _FINISH - 1], early], early)
    assert [flaw.what for flaw in found.flaws] == [
        "'finish' came before traffic followed the phase"
    ]


def test_a_start_amid_a_release_and_a_log_without_one_are_found() -> None:
    chain = chains.promoted()
    amid = forged(chain[1], chain[0], {})
    assert "is under way" in _verify([*chain[:2], amid], amid).flaws[0].what
    headless = forged(None, chain[1], {})
    assert "the log begins with 'apply'" in _verify([headless], headless).flaws[0].what


def test_a_person_may_roll_a_promoted_release_back_and_start_another() -> None:
    chain = chains.promoted()
    now = chain[-1].at
    chain.append(transitions.rolled_back(chain[-1], now, "ada", chains.WHY))
    chain.append(chains.apply(chain[-1], now))
    chain.append(chains.start(chain[-1], now))
    assert _verify(chain, chain[-1]).is_intact
