"""Parquet files as they are: footers checked, schemas compared, time range found."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from components.ingest.checks import check_names
from phasegate.errors import BadInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_MICROSECOND = {"s": (1_000_000, 1), "ms": (1000, 1), "us": (1, 1), "ns": (1, 1000)}


@dataclass(frozen=True)
class ParquetFile:
    """What a footer says.

    Args:
        name: what messages call the file.
        columns: names and Arrow types, in order.
        footer: pyarrow.parquet.FileMetaData.
    """

    path: Path
    name: str
    columns: tuple[tuple[str, str], ...]
    rows: int
    bytes: int
    footer: Any


def read_footers(files: Sequence[tuple[Path, str]], threads: int) -> list[ParquetFile]:
    """Read and check the footers of files, given as (path, name).

    Raises:
        BadInput: a file is not Parquet or is truncated, or schemas differ.
    """
    with ThreadPoolExecutor(threads) as pool:
        footers = list(pool.map(lambda file: _read_footer(*file), files))
    for footer in footers[1:]:
        _compare(footers[0], footer)
    return footers


def _read_footer(path: Path, name: str) -> ParquetFile:
    import pyarrow
    import pyarrow.parquet

    size = path.stat().st_size
    try:
        footer = pyarrow.parquet.read_metadata(path)
        schema = footer.schema.to_arrow_schema()
    except (pyarrow.ArrowException, OSError) as error:
        with open(path, "rb") as file:
            begins = file.read(4) == b"PAR1"
        what = "the Parquet file is truncated or damaged" if begins else "this is not Parquet"
        raise BadInput(what, where=name, fix="Write or copy the file again") from error
    for group in range(footer.num_row_groups):
        _check_extent(footer.row_group(group), size, name)
    check_names(schema.names, name)
    columns = tuple((field.name, _type_name(field.type)) for field in schema)
    return ParquetFile(path, name, columns, footer.num_rows, size, footer)


def _check_extent(group: Any, size: int, name: str) -> None:
    for position in range(group.num_columns):
        chunk = group.column(position)
        start = chunk.dictionary_page_offset or chunk.data_page_offset
        if start + chunk.total_compressed_size > size:
            raise BadInput("the Parquet file is truncated or damaged", where=name)


def _type_name(arrow_type: Any) -> str:
    """An Arrow type without the choices that its writer's library made for it."""
    import pyarrow

    if pyarrow.types.is_dictionary(arrow_type):
        arrow_type = arrow_type.value_type
    text = str(arrow_type)
    return {"large_string": "string", "string_view": "string", "large_binary": "binary"}.get(
        text, text
    )


def _compare(first: ParquetFile, other: ParquetFile) -> None:
    if first.columns == other.columns:
        return
    ours, theirs = dict(first.columns), dict(other.columns)
    for name, kind in first.columns:
        if name not in theirs:
            what = f"column '{name}' is missing; {first.name} has it"
            break
        if theirs[name] != kind:
            what = f"column '{name}' is {theirs[name]}; in {first.name} it is {kind}"
            break
    else:
        extra = [name for name in theirs if name not in ours]
        if extra:
            what = f"column '{extra[0]}' is not in {first.name}"
        else:
            what = f"the columns stand in another order than in {first.name}"
    raise BadInput(
        f"mixed schema: {what}", where=other.name, fix="Give all files the same columns and types"
    )


def time_range(files: Sequence[ParquetFile], column: str) -> tuple[datetime, datetime]:
    """Oldest and newest value of a time column, in UTC to the microsecond.

    Row-group statistics are used where the file has them; other columns are read.

    Raises:
        BadInput: the column does not hold times, or a row has none.
    """
    kind = dict(files[0].columns)[column]
    if not kind.startswith(("timestamp[", "date32")):
        raise BadInput(
            f"the column holds {kind}, not times",
            where=f"time column '{column}'",
            expected="a timestamp column",
            fix="Convert it when the data are written, or set data.time to null",
        )
    ranges = [_file_range(file, column) for file in files if file.rows]
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _file_range(file: ParquetFile, column: str) -> tuple[datetime, datetime]:
    kind = file.footer.schema.to_arrow_schema().field(column).type
    position = [file.footer.schema.column(i).path for i in range(file.footer.num_columns)].index(
        column
    )
    lows, highs = [], []
    for group in range(file.footer.num_row_groups):
        statistics = file.footer.row_group(group).column(position).statistics
        if (
            statistics is None
            or not statistics.has_min_max
            or not statistics.has_null_count
            or statistics.null_count
            or statistics.physical_type == "INT96"
        ):
            low, high = _scan(file, column)
            return _utc(low, kind, file, column), _utc(high, kind, file, column)
        lows.append(statistics.min_raw)
        highs.append(statistics.max_raw)
    unit = _stored_unit(file, position, kind)
    return _utc(min(lows), unit, file, column), _utc(max(highs), unit, file, column)


def _stored_unit(file: ParquetFile, position: int, kind: Any) -> Any:
    """The Arrow type as the file stores it: an embedded Arrow schema may ask for another unit."""
    import json

    import pyarrow

    logical = json.loads(file.footer.schema.column(position).logical_type.to_json())
    units = {"milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns"}
    unit = units.get(logical.get("timeUnit", ""))
    return pyarrow.timestamp(unit) if unit else kind


def _scan(file: ParquetFile, column: str) -> tuple[int, int]:
    import pyarrow
    import pyarrow.compute
    import pyarrow.parquet

    lows, highs, row = [], [], 0
    with pyarrow.parquet.ParquetFile(file.path) as opened:
        for batch in opened.iter_batches(batch_size=1 << 16, columns=[column]):
            values = batch.column(0)
            if values.null_count:
                first = pyarrow.compute.index(values.is_null(), True).as_py()
                raise BadInput(
                    f"time column '{column}' has no value in row {row + first + 1}",
                    where=file.name,
                    fix="Remove or complete rows without a time",
                )
            width = pyarrow.int32() if values.type == pyarrow.date32() else pyarrow.int64()
            ends = pyarrow.compute.min_max(values.view(width)).as_py()
            lows.append(ends["min"])
            highs.append(ends["max"])
            row += len(values)
    return min(lows), max(highs)


def _utc(raw: int, kind: Any, file: ParquetFile, column: str) -> datetime:
    import pyarrow

    try:
        if pyarrow.types.is_date(kind):
            return _EPOCH + timedelta(days=raw)
        times, over = _PER_MICROSECOND[kind.unit]
        return _EPOCH + timedelta(microseconds=raw * times // over)
    except OverflowError:
        raise BadInput(
            f"time column '{column}' holds a time that no calendar has (infinity?)", where=file.name
        ) from None
