"""``python -m phasegate.release.backtest.score``: a model's scores of stored tables, offline.

Runs where XGBoost is. Prints progress and errors like a component does.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from phasegate.contracts.execution import ERROR_PREFIX, PROGRESS_PREFIX
from phasegate.errors import BadInput, ExitCode
from phasegate.models import Model

BATCH_ROWS = 65_536
SCHEMA = pa.schema([pa.field("score", pa.float64()), pa.field("decision", pa.int8())])


def main() -> int:
    """Score each input and write its scores beside; returns the exit code."""
    parser = argparse.ArgumentParser(prog="score", description="Score stored tables offline.")
    parser.add_argument("--model", type=Path, required=True, help="model folder")
    parser.add_argument("--digest", required=True, help="that the model must have")
    parser.add_argument(
        "--table", nargs=2, type=Path, action="append", metavar=("INPUT", "OUTPUT"), required=True
    )
    options = parser.parse_args()
    try:
        model = Model.load(options.model, options.digest, threads=os.cpu_count() or 1)
        total = sum(pq.read_metadata(source).num_rows for source, _ in options.table)
        done = 0
        for source, target in options.table:
            for rows in score_table(model, source, target):
                done += rows
                share = done / max(total, 1)
                said = f"{PROGRESS_PREFIX}{share:.3f} {done:,} of {total:,} rows"
                print(said, file=sys.stderr, flush=True)
    except BadInput as error:
        print(f"{ERROR_PREFIX}{error}", file=sys.stderr, flush=True)
        return ExitCode.BAD_INPUT
    return ExitCode.PASSED


def score_table(model: Model, source: Path, target: Path) -> Iterator[int]:
    """Write a model's score and decision of each row, in the order of the rows.

    A row of the prediction log without features, which a failed request has, gets null for both.

    Args:
        model: reads its inputs.
        source: Parquet; inputs are its columns, or fields of its column ``features``.
        target: Parquet with `SCHEMA`; appears only when it is complete.

    Yields:
        rows of each batch.

    Raises:
        BadInput: an input is missing or of the wrong kind.
    """
    file = pq.ParquetFile(source)
    inputs = [one.name for one in model.inputs]
    nested = "features" in file.schema_arrow.names
    columns = [f"features.{name}" for name in inputs] if nested else inputs
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with pq.ParquetWriter(partial, SCHEMA, compression="zstd") as writer:
            for batch in file.iter_batches(BATCH_ROWS, columns=columns):
                writer.write_table(_scored(model, pa.Table.from_batches([batch]), nested))
                yield batch.num_rows
        partial.replace(target)
    except BadInput as error:
        raise BadInput(error.what, where=", ".join(filter(None, (source.name, error.where))),
            expected=error.expected, 
                       fix=error.fix) from None  # fmt: skip
    finally:
        partial.unlink(missing_ok=True)


def _scored(model: Model, rows: pa.Table, nested: bool) -> pa.Table:
    absent = np.zeros(rows.num_rows, bool)
    if nested:
        features = rows["features"].combine_chunks()
        absent = features.is_null().to_numpy(zero_copy_only=False)
        fields = [field.name for field in features.type]
        rows = pa.Table.from_arrays(features.flatten(), names=fields)
    scores = model.score(model.matrix(rows))
    return pa.Table.from_arrays(
        [pa.array(scores, mask=absent), pa.array(model.decide(scores), mask=absent)],
        schema=SCHEMA,
    )


if __name__ == "__main__":
    sys.exit(main())
