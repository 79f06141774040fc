"""Share of the requests that the challenger fails: as logged, and as the proxy counted."""

from __future__ import annotations

from phasegate.release.decision import Finding
from phasegate.release.judges.look import Look
from phasegate.release.judges.shares import difference, own
from phasegate.release.judges.weighing import unknown


def errors(look: Look) -> tuple[Finding, ...]:
    """Two findings, each with half of the gate's budget for false rollbacks; both have to pass.

    The log knows what the model failed; the proxy also what never reached it, and is there when
    the log is not: a guard that has nothing but the proxy's counts can still BLOCK. Where the
    proxy did not answer there is no second finding (and `decide` does not move forwards).

    Of pairs the champion's share is 0, because pairs are requests that it answered.
    """
    findings = [_logged(look)]
    if look.evidence.traffic is not None:
        findings.append(_counted(look))
    return tuple(findings)


def _logged(look: Look) -> Finding:
    name = f"errors{look.rival}, in the log"
    if look.of_copies:
        if (pairs := look.evidence.pairs) is None:
            return unknown(look, name, "there are no pairs")
        copies = pairs.failed, pairs.answered + pairs.failed
        return own(look, name, copies, look.gate.limit, harm=look.harm / 2, clear=look.clear)
    if (cohorts := look.evidence.cohorts) is None:
        return unknown(look, name, "there are no cohorts")
    new, old = cohorts.challenger, cohorts.champion
    return _compared(look, name, (new.failed, new.requests), (old.failed, old.requests))


def _counted(look: Look) -> Finding:
    name = f"errors{look.rival}, at the proxy"
    traffic = look.evidence.traffic
    new = traffic.copies_lost if look.of_copies else traffic.challenger_errors
    old = traffic.champion_errors
    return _compared(look, name, (new.count, new.of), (old.count, old.of))


def _compared(look: Look, name: str, new: tuple[int, int], old: tuple[int, int]) -> Finding:
    rates = {"harm": look.harm / 2, "clear": look.clear}
    if not look.against_champion:
        return own(look, name, new, look.gate.limit, **rates)
    if not look.has_champion:
        return unknown(look, name, "the champion answers nothing to compare with")
    exactly = [(failed, failed, of) for failed, of in (new, old)]
    return difference(look, name, *exactly, look.gate.limit, **rates)
