"""A process that scores files of requests with one model, in the environment that can.

``python -m examples.replay.decisions FOLDER DIGEST`` reads one JSON line for each file, with
``requests`` and ``decisions``, and answers with the number of rows when the decisions are written.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from phasegate.models import Model


def decide_file(model: Model, requests: Path, decisions: Path) -> int:
    """Decide about every row of a file of requests; returns how many there were.

    Args:
        model: that decides.
        requests: Parquet: the model's inputs and ``transaction_id``.
        decisions: Parquet to write: ``transaction_id`` and ``decision``, 0 or 1.
    """
    table = pq.ParquetFile(requests).read()
    made = model.decide(model.score(model.matrix(table)))
    partial = decisions.with_name(f".{decisions.name}.partial")
    written = pa.table({"transaction_id": table["transaction_id"], "decision": made})
    pq.write_table(written, partial)
    partial.replace(decisions)
    return table.num_rows


def main() -> None:
    """Decide about one file after the other, until standard input closes."""
    model = Model.load(sys.argv[1], sys.argv[2])
    for line in sys.stdin:
        asked = json.loads(line)
        rows = decide_file(model, Path(asked["requests"]), Path(asked["decisions"]))
        print(rows, flush=True)


if __name__ == "__main__":
    main()
