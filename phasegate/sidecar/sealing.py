"""From a closed segment to Parquet files in the store, each exactly once.

The files' names are made of the digest of the segment's bytes, and a name that is taken is left as
it is. So it does not matter where a process is killed between the first file and the removal of
the segment: who seals the segment again makes the same names.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from phasegate.errors import BadInput
from phasegate.prediction_log.record import Source
from phasegate.prediction_log.segment import read_segment
from phasegate.prediction_log.table import parquet_bytes, partitions, table
from phasegate.store.named import NamedFiles, check_name


class DamagedSegment(BadInput):
    """A segment that cannot be read; trying again will not help."""


@dataclass(frozen=True)
class Parts:
    """A segment as it is stored.

    Attributes:
        source: what its records share.
        digest: hex sha256 of the segment.
        records: records in it.
        tables: its rows by name in the store, one table for each date of events.
        files: the same as Parquet bytes.
        is_whole: whether nothing follows these records that is none.
    """

    source: Source
    digest: str
    records: int
    tables: dict[str, pa.Table]
    files: dict[str, bytes]
    is_whole: bool


def read_parts(segment: Path) -> Parts:
    """Read a closed segment and make its files, one for each date of its events.

    Raises:
        DamagedSegment: it is no segment, or holds records that are none.
        OSError: it could not be read.
    """
    try:
        content = read_segment(segment)
        rows = table(content.predictions, content.source)
        parts = dict(partitions(rows, content.source, content.sha256))
        files = {check_name(name): parquet_bytes(part) for name, part in parts.items()}
    except BadInput as error:
        raise DamagedSegment(error.what, where=str(segment)) from error
    except pa.ArrowException as error:
        raise DamagedSegment(f"its records make no table ({error})", where=str(segment)) from error
    return Parts(
        content.source, content.sha256, len(content.payloads), parts, files, not content.torn
    )


def store_parts(parts: Parts, store: NamedFiles, draft: Path) -> None:
    """Put the files into the store; those that are there already are left as they are.

    Args:
        parts: what is stored.
        store: where to.
        draft: a file that each of them is written to first.

    Raises:
        BadInput: the store refused (`Unavailable`: did not answer). Some files may be there.
        OSError: the draft cannot be written.
    """
    for name, data in parts.files.items():
        draft.write_bytes(data)
        store.create(name, draft)
