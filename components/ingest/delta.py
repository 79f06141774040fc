"""The Parquet files of a Delta table at one version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from phasegate.errors import BadInput

if TYPE_CHECKING:
    from deltalake import DeltaTable

# Readers of plain Parquet files would give wrong rows or columns with these.
_UNREADABLE = {"deletionVectors": "deletion vectors", "columnMapping": "column mapping"}


def files_of_version(table: Path, version: int | None) -> list[Path]:
    """Data files of a table at a version (None: the newest), in path order.

    Raises:
        BadInput: not a Delta table, no such version, or a table whose rows are not simply those of
            its files (deletion vectors, column mapping, partition columns).
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError, TableNotFoundError

    try:
        opened = DeltaTable(str(table), version=version)
        actions = opened.get_add_actions(flatten=True)
        protocol = opened.protocol()
        metadata = opened.metadata()
    except TableNotFoundError:
        raise BadInput("this is not a Delta table", where=str(table)) from None
    except (DeltaError, OSError) as error:
        newest = _newest(table)
        reason = str(error).splitlines()[0]
        expected = f"a version from 0 to {newest}" if newest is not None else None
        raise BadInput(
            f"the table cannot be read at version {version} ({reason})",
            where=str(table),
            expected=expected,
        ) from error
    if metadata.partition_columns:
        raise BadInput(
            f"the table is partitioned by {', '.join(metadata.partition_columns)}: these columns"
            " are not in its files",
            where=str(table),
            fix="Write the table without partitions, or export it to Parquet",
        )
    for feature in protocol.reader_features or []:
        if feature == "deletionVectors" and not _has_deletion_vectors(opened):
            continue
        if name := _UNREADABLE.get(feature):
            raise BadInput(
                f"the table uses {name}, which is not supported",
                where=f"{table} at version {opened.version()}",
                fix="Rewrite it without (REORG TABLE ... APPLY (PURGE)), or export it to Parquet",
            )
    paths = sorted(unquote(path) for path in actions.column("path").to_pylist())
    if not paths:
        raise BadInput("the table is empty", where=f"{table} at version {opened.version()}")
    return [table / path for path in paths]


def _has_deletion_vectors(opened: DeltaTable) -> bool:
    import pyarrow
    from deltalake.exceptions import DeltaError

    try:
        return pyarrow.table(opened.deletion_vectors()).num_rows > 0
    except DeltaError:
        return True


def _newest(table: Path) -> int | None:
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        return DeltaTable(str(table)).version()
    except (DeltaError, OSError):
        return None
