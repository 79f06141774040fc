"""Validate many snapshots in one process of TFDV's environment, whose start-up takes its time.

Reads a JSON object of named cases, each `{folder, store, data, validation}`, from standard input;
writes for each its report, checks, schema and digest of statistics, or its error, as JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components.validate.settings import Policy, Roles
from components.validate.validation import validate
from phasegate.digests import digest_bytes
from phasegate.errors import BadInput
from phasegate.snapshots import Snapshot

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """What validation says of one case."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            result = validate(
                Snapshot.open(Path(case["folder"]), case["store"]),
                Roles.from_section(case["data"]),
                Policy.from_section(case["validation"]),
                now=NOW,
                scratch=Path(scratch),
            )
        except BadInput as error:
            return {"error": str(error)}
    return {
        "outcome": result.judgement.outcome.value,
        "reasons": result.judgement.reasons,
        "report": result.report,
        "origin": result.origin,
        "schema": str(result.schema),
        "statistics": digest_bytes(result.statistics.SerializeToString(deterministic=True)),
    }


if __name__ == "__main__":
    cases = json.load(sys.stdin)
    print(json.dumps({name: answer(case) for name, case in cases.items()}))
