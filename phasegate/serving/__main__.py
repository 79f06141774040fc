"""Serve one model folder: ``python -m phasegate.serving --model-dir DIR --digest SHA256 ...``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from phasegate.errors import BadInput, ExitCode
from phasegate.models import Model


def main() -> None:
    """Load, warm up, listen; exit 2 with one line when the model is not what was asked for."""
    arguments = _parse()
    if arguments.until_stdin_closes:
        threading.Thread(target=_stop_at_end_of_input, daemon=True).start()

    try:
        model = Model.load(arguments.model_dir, arguments.digest, threads=arguments.threads)

        # Only now: KServe takes seconds to import, and a wrong model should end at once.
        from phasegate.serving.predictor import Predictor
        from phasegate.serving.server import serve

        predictor = Predictor(arguments.name, model)
        predictor.load()
    except BadInput as error:
        print(error, file=sys.stderr, flush=True)
        sys.exit(ExitCode.BAD_INPUT)
    serve(predictor, arguments.http_port, arguments.host)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m phasegate.serving", description=__doc__)
    parser.add_argument("--model-dir", type=Path, required=True, help="folder of the model")
    parser.add_argument("--digest", required=True, help="sha256 that the model must have")
    parser.add_argument("--name", required=True, help="name in the path of requests")
    parser.add_argument("--http-port", type=int, default=8080)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--threads", type=int, default=1, help="threads of one prediction")
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="stop when standard input ends, so that the server never outlives who started it",
    )
    return parser.parse_args()


def _stop_at_end_of_input() -> None:
    # Not through sys.stdin, whose lock this thread would still hold when the interpreter ends.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
