"""Tests of windows, one a line: questions on standard input, answers on standard output.

A question is a JSON object: `library`, files `reference` (Parquet) and `window` (Arrow stream),
`rows` to compare on the reference's side, `level` and `seed`. The process ends with its input.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Any


def main() -> None:
    """Answer until standard input closes."""
    # Libraries print what they like; only answers go to who asked.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    logging.disable(logging.WARNING)  # alibi-detect explains its defaults at each call
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = {"tests": _tests(question)}
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            answer = {"problem": f"{type(error).__name__}: {error}"[:500]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _tests(question: dict[str, Any]) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from phasegate.values import to_json

    if question["library"] == "alibi-detect":
        from phasegate.sidecar.drift.detectors.alibi import tests
    else:
        from phasegate.sidecar.drift.detectors.closed_form import tests
    window = pa.ipc.open_stream(Path(question["window"]).read_bytes()).read_all()
    reference = pq.read_table(question["reference"])
    shared = [name for name in window.column_names if name in reference.column_names]
    found = tests(
        reference.select(shared).slice(0, question["rows"]), window.select(shared),
        question["level"], question["seed"],
    )  # fmt: skip
    return [to_json(one) for one in found]


if __name__ == "__main__":
    main()
