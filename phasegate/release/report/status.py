"""Where a release stands, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from phasegate.release.entry import Entry
from phasegate.release.evidence import Evidence, Traffic
from phasegate.release.record import ReleaseRecord, desired
from phasegate.release.report.standing import (
    earliest,
    gates_and_guardrails,
    headline,
    next_steps,
    patience_ends,
    progress,
)
from phasegate.values import to_json


def status_json(
    entry: Entry | None,
    now: datetime,
    *,
    traffic: Traffic | None = None,
    kill: bool | None = None,
    evidence: Evidence | None = None,
) -> dict[str, Any]:
    """Where a release stands as JSON values.

    Args:
        entry: the newest; None where there is no release.
        now: event time.
        traffic: what the proxy does; None where it was not asked or does not answer.
        kill: whether the kill switch is on; None where it is not known.
        evidence: of the last look; without it, requests and entities are null.
    """
    if entry is None:
        return {"release": None, "next": [command for command, _ in next_steps(None)]}
    record = entry.record
    gates, guardrails = gates_and_guardrails(entry)
    return {
        "model": record.model,
        "release": record.release,
        "status": str(record.status),
        "headline": headline(record, now),
        "reason": record.reason,
        "champion": to_json(record.champion),
        "challenger": to_json(record.challenger),
        "phase": {
            "name": record.current.name,
            "number": record.phase + 1,
            "of": len(record.policy.phases),
            "weight": record.current.weight,
            "mirror": record.current.mirror,
            "started": to_json(record.phase_started),
            "applied": to_json(record.phase_applied),
        },
        "minimum": {
            one.name: {"seen": one.seen, "needed": one.needed, "reached": one.is_reached}
            for one in progress(record, now, evidence)
        },
        "gates": to_json(gates),
        "guardrails": to_json(guardrails),
        "last": {
            "at": to_json(entry.at),
            "actor": entry.actor,
            "action": entry.action,
            "reason": entry.reason,
            "evidence": entry.evidence,
        },
        "earliest_advance": to_json(earliest(record)),
        "patience_ends": to_json(patience_ends(record)),
        "settled": record.settled,
        "traffic": to_json(traffic),
        "traffic_problem": traffic_problem(record, traffic),
        "kill": kill,
        "sequence": entry.sequence,
        "hash": entry.hash,
        "next": [command for command, _ in next_steps(record)],
    }


def traffic_problem(record: ReleaseRecord, traffic: Traffic | None) -> str:
    """What the proxy does otherwise than the record wants it; empty where nothing is."""
    if traffic is None or traffic.killed:
        return ""
    wanted = desired(record)
    if traffic.champion != wanted.champion.slot:
        return f"traffic does not follow: {traffic.champion} answers as the champion"
    if (traffic.weight, traffic.mirror) != (wanted.weight, wanted.mirror):
        return (
            f"traffic does not follow: the challenger has {traffic.weight / 100:g} % and "
            f"{traffic.mirror / 100:g} % copies, expected {wanted.weight / 100:g} % and "
            f"{wanted.mirror / 100:g} %"
        )
    if wanted.challenger and not traffic.challenger_healthy:
        return "the challenger fails its health checks"
    return ""
