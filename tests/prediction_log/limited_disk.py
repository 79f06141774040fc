"""A process whose files may not grow beyond a limit, then may: prints what its spool says.

python -m tests.prediction_log.limited_disk FOLDER
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from phasegate.prediction_log.spool import Spool
from tests.prediction_log.examples import SOURCE, prediction
from tests.waiting import until

LIMIT = 1 << 20


def main(folder: str) -> None:
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, unlimited[1]))
    spool = Spool(Path(folder), SOURCE, segment_bytes=2 * LIMIT)
    refused = [spool.append(prediction(number)) for number in range(5)]
    dropped = spool.dropped
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    until(lambda: spool.append(prediction(5)))
    spool.close()
    print(json.dumps({"refused": refused, "dropped": dropped}))


if __name__ == "__main__":
    main(*sys.argv[1:])
