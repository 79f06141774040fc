"""Entrypoint of `validate`."""

import tempfile
from pathlib import Path

from components.validate import page
from components.validate.settings import Policy, Roles
from components.validate.validation import validate
from phasegate.clock import now
from phasegate.contracts import (
    DataSchema,
    DataSnapshot,
    DataStatistics,
    ValidationReport,
    execution,
)
from phasegate.digests import canonical_json
from phasegate.snapshots import Snapshot


def main() -> None:
    """Judge a snapshot; write statistics, schema, report and verdict."""
    with execution("validate") as step, tempfile.TemporaryDirectory() as scratch:
        artifact = step.read("snapshot", DataSnapshot)
        roles = Roles.from_section(step.json("data"))
        policy = Policy.from_section(step.json("validation"))
        snapshot = Snapshot.open(artifact.path, artifact.store)

        result = validate(
            snapshot,
            roles,
            policy,
            now=now(),
            scratch=Path(scratch),
            progress=step.progress,
        )

        anomalies = result.report["anomalies"]
        (step.path("statistics") / "statistics.pb").write_bytes(
            result.statistics.SerializeToString(deterministic=True)
        )
        step.write("statistics", DataStatistics(rows=snapshot.rows, columns=artifact.columns))
        (step.path("schema") / "schema.pbtxt").write_text(str(result.schema), encoding="utf-8")
        step.write("schema", DataSchema(columns=len(result.schema.feature), origin=result.origin))
        (step.path("report") / "report.json").write_bytes(canonical_json(result.report))
        step.write(
            "report",
            ValidationReport(
                snapshot_digest=snapshot.digest,
                anomalies=len(anomalies),
                blocking=sum(item["severity"] == "block" for item in anomalies),
            ),
        )
        step.document("page", page.render(result.report, result.judgement))
        step.write_verdict("verdict", result.judgement)
        step.result("outcome", result.judgement.outcome.value)


if __name__ == "__main__":
    main()
