"""Serve one model folder over REST v1, v2 and gRPC, by KServe's model server.

The model is loaded only if its digest is the expected one, and requests are let in only after it
has scored some rows. SIGTERM lets requests in flight end, closes the prediction log, and exits 0.

In a pod, digest, name and version of the model may come from the environment. Without a digest and
without a model in --model-dir, the server is idle: alive, and not ready, until it is replaced.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from phasegate.errors import BadInput, ExitCode
from phasegate.lifetime import end_with_standard_input
from phasegate.prediction_log.options import add_privacy_options
from phasegate.prediction_log.record import ROLES
from phasegate.serving.limits import Limits

if TYPE_CHECKING:
    from phasegate.models import Model
    from phasegate.serving.features import Features
    from phasegate.serving.journal import LogSettings

_HISTORY_SECONDS = 0.25  # a request waits no longer for another writer of the past

# Where a pod's template cannot know them, because they come with the model.
_VARIABLES = {
    "digest": "PHASEGATE_MODEL_DIGEST",
    "name": "PHASEGATE_MODEL_NAME",
    "version": "PHASEGATE_MODEL_VERSION",
}

_EXAMPLE = """
example:
  python -m phasegate.serving --model-dir model --digest 2405...db0 --name card-fraud \\
    --http-port 8080 --grpc-port 8081 --spool /var/spool/phasegate --role champion
"""


def main() -> None:
    """Load, warm up, listen; exit 2 with one line when something is not what was asked for."""
    # As the first process of a container it would ignore SIGTERM until KServe listens for it.
    signal.signal(signal.SIGTERM, _end)
    arguments = _parser().parse_args()
    if arguments.until_stdin_closes:
        end_with_standard_input()
    try:
        if arguments.digest is None and _is_empty(arguments.model_dir):
            from phasegate.serving.idle import serve_idle

            serve_idle(arguments.host, arguments.http_port)
        else:
            _serve(_load(arguments), arguments)
    except BadInput as error:
        print(error, file=sys.stderr, flush=True)
        sys.exit(ExitCode.BAD_INPUT)


def _load(arguments: argparse.Namespace) -> Model:
    from phasegate.models import Model

    for option in ("digest", "name"):
        if getattr(arguments, option) is None:
            raise BadInput(
                f"its {option} is not told",
                where=str(arguments.model_dir),
                expected=f"--{option} or {_VARIABLES[option]}",
            )
    return Model.load(arguments.model_dir, arguments.digest, threads=arguments.threads)


def _is_empty(folder: Path) -> bool:
    """Whether nobody put a model there: an empty volume may be mounted where one will be."""
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def _serve(model: Model, arguments: argparse.Namespace) -> None:
    # Only now: KServe takes seconds to import, and a wrong model should end at once.
    from prometheus_client import REGISTRY

    from phasegate.serving.answering import Answerer
    from phasegate.serving.journal import Journal
    from phasegate.serving.metrics import Metrics
    from phasegate.serving.predictor import Predictor
    from phasegate.serving.scoring import Scorer
    from phasegate.serving.server import Listening, serve

    scorer = Scorer(model)
    if scorer.reason:
        print(f"every batch is scored by XGBoost: {scorer.reason}", flush=True)
    limits = Limits(arguments.max_body_bytes, arguments.max_rows)
    entity = model.definitions.get("data", {}).get("entity")
    settings = _log_settings(arguments)
    journal = (
        Journal(settings, arguments.name, model.digest, model.inputs, entity) if settings else None
    )
    features = _features(model, arguments.history, limits)
    metrics = Metrics(arguments.name, model.digest, features, journal.spool if journal else None)
    REGISTRY.register(metrics)
    answerer = Answerer(
        model, scorer, features, metrics, role=arguments.role, journal=journal, now=_microseconds
    )
    predictor = Predictor(arguments.name, features, answerer)
    try:
        serve(
            predictor,
            Listening(
                arguments.http_port, arguments.grpc_port, arguments.host, limits,
                short_route=not arguments.standard_route,
            ),
        )  # fmt: skip
    finally:
        if journal:
            journal.close()


def _features(model: Model, history: Path | None, limits: Limits) -> Features:
    from phasegate.serving.features import EventFeatures, GivenFeatures

    if history is None:
        return GivenFeatures(model.inputs, limits)
    from phasegate.features.definitions import FeatureDefinitions
    from phasegate.online import OnlineFeatures, SqliteHistory

    definitions = FeatureDefinitions.parse(model.definitions["features"], model.definitions["data"])
    past = SqliteHistory(history, wait_seconds=_HISTORY_SECONDS) if definitions.windows else None
    return EventFeatures(model, OnlineFeatures(definitions, past), limits)


def _log_settings(arguments: argparse.Namespace) -> LogSettings | None:
    from phasegate.serving.journal import LogSettings

    if arguments.spool is None:
        return None
    return LogSettings(
        arguments.spool, arguments.project_version, dict(arguments.sensitive),
        arguments.log_key_file, arguments.spool_budget, arguments.segment_seconds,
    )  # fmt: skip


def _of_environment(option: str) -> str | None:
    """The variable's value; an empty one, as of an annotation that is not there, is none."""
    return os.environ.get(_VARIABLES[option]) or None


def _end(*_: object) -> None:
    sys.exit(0)


def _microseconds() -> int:
    return time.time_ns() // 1000


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m phasegate.serving",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--model-dir", type=Path, required=True, help="folder of the model")
    add(
        "--digest", default=_of_environment("digest"),
        help=f"sha256 that the model must have [{_VARIABLES['digest']}]",
    )  # fmt: skip
    add(
        "--name", default=_of_environment("name"),
        help=f"name in the path of requests [{_VARIABLES['name']}]",
    )  # fmt: skip
    add("--http-port", type=int, default=8080, help="REST, health and metrics [8080]")
    add("--grpc-port", type=int, help="Open Inference Protocol over gRPC [none]")
    add("--host", default="127.0.0.1", help="address to listen on [127.0.0.1]")
    add("--threads", type=int, default=1, help="threads of one prediction [1]")
    add("--max-body-bytes", type=int, default=Limits.body_bytes, help="of one request")
    add("--max-rows", type=int, default=Limits.rows, help="of one request")
    add(
        "--history", type=Path, metavar="FILE",
        help="requests carry raw events, and features are computed from them and from the past in "
        "this file, which all servers of the model on this machine share",
    )  # fmt: skip
    add(
        "--standard-route", action="store_true",
        help="take every request through KServe's own route; slower, the same answers",
    )  # fmt: skip
    add(
        "--until-stdin-closes",
        action="store_true",
        help="stop when standard input ends, so that the server never outlives who started it",
    )
    log = parser.add_argument_group("prediction log")
    log.add_argument(
        "--spool", type=Path, help="folder shared with the sidecar [nothing is logged]"
    )
    log.add_argument(
        "--role", choices=ROLES, default="champion",
        help="role of requests that carry no x-phasegate-role [champion]",
    )  # fmt: skip
    log.add_argument(
        "--project-version", default=_of_environment("version") or "",
        help=f"such as card-fraud/3 [{_VARIABLES['version']}]",
    )  # fmt: skip
    log.add_argument(
        "--spool-budget", type=int, default=1 << 30, metavar="BYTES",
        help="room for records that wait for the sidecar; then the newest are dropped [1 GiB]",
    )  # fmt: skip
    log.add_argument(
        "--segment-seconds", type=float, default=30.0, metavar="SECONDS",
        help="longest time until a record can be sealed [30]",
    )  # fmt: skip
    add_privacy_options(log)
    return parser


if __name__ == "__main__":
    main()
