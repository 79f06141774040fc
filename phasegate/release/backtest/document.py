"""A study as JSON values: the same inputs give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from phasegate.digests import digest_json
from phasegate.release.backtest.evidence import ASSUMPTIONS, UNREPLAYABLE
from phasegate.release.backtest.run import Backtest
from phasegate.release.backtest.study import Outcome, Study
from phasegate.release.entry import Entry
from phasegate.release.policy import Policy
from phasegate.release.record import Status
from phasegate.release.report.history import QUIET, judged_in
from phasegate.values import to_json

SCHEMA = "phasegate.backtest/1"


def document(found: Backtest) -> dict[str, Any]:
    """All that was found out; sums of money are null where no value is known."""
    study, past = found.study, found.answered
    contest = study.contest
    return {
        "schema": SCHEMA,
        "model": contest.model,
        "champion": to_json(contest.champion),
        "challenger": to_json(contest.challenger),
        "traffic": {
            "source": found.source,
            "since": to_json(contest.since),
            "until": to_json(contest.until),
            "rows": past.rows,
            "requests": past.requests,
            "entities": past.entities,
            "conflicting": past.conflicting,
            "valued": study.valued,
        },
        "every": to_json(contest.every),
        "looks": len(contest.looks),
        "salt": found.salt,
        "metric": {"name": study.metric.name, "unit": study.metric.unit} if study.metric else None,
        "switch_at_once": _known(study, study.at_once),
        "path": {
            "until": [to_json(time) for time in times(study)],
            "switch_at_once": [_known(study, value) for value in study.switched],
        },
        "assumptions": list(ASSUMPTIONS),
        "policies": [_outcome(study, one) for one in study.outcomes],
    }


def times(study: Study) -> tuple[datetime, ...]:
    """Ends of what the paths add up: each look, and the end of the past."""
    return (*study.contest.looks, study.contest.until)


def decided_at(entries: Sequence[Entry]) -> datetime | None:
    """When a release was over or stopped; None while it runs."""
    if entries[-1].record.status is Status.RUNNING:
        return None
    status = entries[-1].record.status
    return next(entry.at for entry in entries if entry.record.status is status)


def unreplayable(policy: Policy) -> list[str]:
    """Gates and guardrails that rest on assumptions alone, by phase and metric."""
    return [
        f"{phase.name}: {gate.metric}"
        for phase in policy.phases
        for gate in (*phase.gates, *phase.guardrails)
        if gate.metric in UNREPLAYABLE
    ]


def _outcome(study: Study, one: Outcome) -> dict[str, Any]:
    record, end = one.entries[-1].record, decided_at(one.entries)
    seen = one.hindsight
    return {
        "name": one.candidate.name,
        "policy": digest_json(one.candidate.policy.to_json()),
        "status": str(record.status),
        "phase": record.current.name,
        "reason": record.reason,
        "decided": to_json(end),
        "seconds_to_decision": to_json(end - study.contest.since) if end else None,
        "requests_met": seen.requests,
        "entities_met": seen.entities,
        "against_champion": _known(study, seen.against_champion),
        "against_switch_at_once": _known(study, seen.against_challenger),
        "regret": _known(study, seen.regret),
        "path": [_known(study, value) for value in seen.path],
        "not_replayable": unreplayable(one.candidate.policy),
        "timeline": [
            {
                "at": to_json(entry.at),
                "action": entry.action,
                "phase": entry.record.current.name,
                "reasons": list(entry.decision.reasons) if entry.decision else [entry.reason],
            }
            for entry in one.entries
            if entry.action not in QUIET
        ],
        "looks": [
            {
                "at": to_json(one.entries[index].at),
                "phase": before.current.name,
                "weight": before.current.weight,
                "mirror": before.current.mirror,
                **to_json(one.entries[index].decision),
            }
            for index, before in judged_in(one.entries)
        ],
    }


def _known(study: Study, value: float) -> float | None:
    return value if study.metric else None
