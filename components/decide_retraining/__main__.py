"""Entrypoint of `decide_retraining`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from components.decide_retraining.page import page_of
from phasegate.contracts import (
    DriftReport,
    ObservedWindow,
    PerformanceReport,
    RetrainingAdvice,
    SkewFindings,
    execution,
)
from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.monitoring.drift.report import DriftFindings
from phasegate.monitoring.observed import Observed
from phasegate.monitoring.performance.series import Performance
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.retraining.answers import follow, question
from phasegate.monitoring.retraining.claims import last_training
from phasegate.monitoring.retraining.decide import decide
from phasegate.monitoring.retraining.journal import open_journal
from phasegate.monitoring.retraining.recording import record_decision
from phasegate.monitoring.retraining.settling import settle_answers
from phasegate.monitoring.skew.report import SkewReport

Report = TypeVar("Report", Performance, SkewReport)


def main() -> None:
    """Read the reports, decide, record, report."""
    with execution("decide_retraining") as step:
        policy = MonitoringPolicy.from_json(step.json("policy"), "decide_retraining: policy")
        observed = Observed.read(step.read("window", ObservedWindow).path)
        performance = _read(
            Performance, step.read("performance", PerformanceReport).path / "performance.json"
        )
        drift = DriftFindings.read(step.read("drift", DriftReport).path)
        skew = _read(SkewReport, step.read("skew", SkewFindings).path / "skew.json")
        journal = open_journal(step.parameter("store"), observed.model)

        entries = journal.entries()
        decided = decide(
            performance,
            drift.windows,
            skew,
            observed.changes,
            policy,
            model_digest=observed.model_digest,
            profile_digest=observed.profile_digest,
            since=observed.since,
            until=observed.until,
            now=observed.now,
            last_training=last_training(entries, observed.now),
        )
        decision, answer = follow(decided, entries, observed.changes)
        entry = record_decision(journal, decision, "pipeline", answer)
        settle_answers(journal, observed.model_digest, observed.now, "pipeline")
        print(f"{decision.action}: {decision.reasons[0]}", flush=True)
        (step.path("advice") / "decision.json").write_bytes(canonical_json(decision.to_json()))
        step.write(
            "advice",
            RetrainingAdvice(model_digest=observed.model_digest, action=str(decision.action)),
        )
        asked = question(entries, answer) if answer else None
        page = page_of(observed, performance, decision, policy, entry.sequence, asked, answer)
        step.document("report", page)
        step.result("action", str(decision.action))


def _read(kind: type[Report], path: Path) -> Report:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BadInput(f"this is no report ({error})", where=str(path)) from None
    return kind.from_json(value if isinstance(value, dict) else {}, str(path))


if __name__ == "__main__":
    main()
