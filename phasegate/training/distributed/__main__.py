"""A worker: ``python -m phasegate.training.distributed --store URI --job DIGEST``."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

from phasegate.errors import BadInput, ExitCode, Unavailable
from phasegate.lifetime import end_with_standard_input
from phasegate.training.distributed.group import Place
from phasegate.training.distributed.job import Jobs
from phasegate.training.distributed.worker import work


def main(arguments: list[str] | None = None) -> int:
    """Do one worker's part of a job; an exit code."""
    parser = argparse.ArgumentParser(prog="python -m phasegate.training.distributed")
    parser.add_argument("--store", required=True, help="where the job is: a folder or gs://")
    parser.add_argument("--job", required=True, help="its digest")
    parser.add_argument(
        "--end-with-input", action="store_true", help="end when standard input closes"
    )
    given = parser.parse_args(arguments)
    if given.end_with_input:
        end_with_standard_input()
    try:
        place = Place.of(os.environ)
        with tempfile.TemporaryDirectory(prefix="phasegate-worker-") as folder:
            work(Jobs(given.store, Path(folder)), given.job, place, _tell)
    except Unavailable as error:
        print(error, file=sys.stderr)
        return ExitCode.INTERNAL  # another worker may be the reason, and says so itself
    except BadInput as error:
        print(error, file=sys.stderr)
        return ExitCode.BAD_INPUT
    except Exception as error:
        traceback.print_exc()
        print(" ".join(f"{type(error).__name__}: {error}".split())[:500], file=sys.stderr)
        return ExitCode.INTERNAL
    return ExitCode.PASSED


def _tell(share: float, message: str) -> None:
    print(json.dumps({"share": share, "message": message}), flush=True)


if __name__ == "__main__":
    code = main()
    if code:
        # XGBoost's threads still wait for the other workers, and would keep this process.
        with contextlib.suppress(OSError):
            sys.stderr.flush()
        os._exit(code)
