"""Which documents hold a key that is there more than once, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

_MEMORY = "256MB"
_PENDING = 1_000_000


class Repeats:
    """Keys of documents that are added one after another.

    Memory is bounded whatever their number: 12 bytes for each of a million keys that wait to be
    put away, and 256 MB of DuckDB, which keeps the rest on the disk, some 12 bytes a key.

    Args:
        folder: for the disk's part; one of its own.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        config = {"memory_limit": _MEMORY, "temp_directory": str(folder), "threads": 1}
        self._connection = duckdb.connect(str(folder / "keys.duckdb"), config=config)
        self._connection.execute("CREATE TABLE keys (key UBIGINT, document UINTEGER)")
        self._pending: list[tuple[int, np.ndarray]] = []
        self._waiting = 0

    def add(self, document: int, keys: Iterable[np.ndarray]) -> None:
        """Add the keys of a document, by its number."""
        for one in keys:
            self._pending.append((document, one))
            self._waiting += len(one)
        if self._waiting >= _PENDING:
            self._put_away()

    def documents(self) -> set[int]:
        """Documents that have a key which they, or another, have once more."""
        self._put_away()
        found = self._connection.execute(
            "SELECT DISTINCT document FROM keys SEMI JOIN "
            "(SELECT key FROM keys GROUP BY key HAVING count(*) > 1) USING (key)"
        ).fetchall()
        return {document for (document,) in found}

    def close(self) -> None:
        """Let go of the disk's part."""
        self._connection.close()

    def _put_away(self) -> None:
        if not self._waiting:
            return
        numbers = [np.full(len(keys), document, np.uint32) for document, keys in self._pending]
        pending = pa.table(
            {
                "key": np.concatenate([keys for _, keys in self._pending]),
                "document": np.concatenate(numbers),
            }
        )
        self._connection.register("pending", pending)
        self._connection.execute("INSERT INTO keys SELECT key, document FROM pending")
        self._connection.unregister("pending")
        self._pending, self._waiting = [], 0
