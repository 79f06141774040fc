"""A process that writes records and prints the number of each one that it was told is kept.

    python -m tests.prediction_log.writer_process FOLDER WRITER COUNT

It closes its spool at the end of COUNT records, unless it is killed before.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from phasegate.prediction_log.spool import Spool
from tests.prediction_log.examples import SOURCE, prediction

SEGMENT = 1 << 14


def main(folder: str, writer: str, count: str) -> None:
    spool = Spool(Path(folder), replace(SOURCE, writer=writer), segment_bytes=SEGMENT)
    for number in range(int(count)):
        if spool.append(prediction(number, request_id=f"{writer}/{number}")):
            print(number, flush=True)
    spool.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
