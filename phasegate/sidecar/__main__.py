"""Move the prediction log from spool folders into the store, and log foreign KServe runtimes.

Each closed segment of a spool becomes Parquet files in the store, exactly once however often this
process is killed. With --reference it is counted too, and windows of predictions are judged. POST /
takes the CloudEvents of KServe's payload logger; requests and responses are joined by id. /healthz,
/readyz and /metrics tell how it goes. SIGTERM seals what is closed and exits 0; with --grace, it
waits for predictors that were told to end at the same time, and seals what they leave.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from phasegate.errors import BadInput, ExitCode
from phasegate.lifetime import end_with_standard_input
from phasegate.prediction_log.options import add_privacy_options
from phasegate.prediction_log.record import ROLES
from phasegate.serving.limits import Limits

_EXAMPLE = """
examples:
  python -m phasegate.sidecar --spool /var/spool/phasegate --store gs://bucket/log
  python -m phasegate.sidecar --state /var/lib/sidecar --store /data/log --http-port 9090 \\
    --foreign iris=2405...db0,threshold=0.8 --sensitive customer=hash --log-key-file key
"""


def main() -> None:
    """Work until SIGTERM; exit 2 with one line when something is not what was asked for."""
    arguments = _parser().parse_args()
    if arguments.until_stdin_closes:
        end_with_standard_input()
    try:
        # Only now: Arrow takes time to import, and a wrong option should end at once.
        from phasegate.sidecar.run import Settings, run

        settings = Settings(
            spools=tuple(arguments.spool),
            store=arguments.store,
            state=arguments.state,
            host=arguments.host,
            port=arguments.http_port,
            interval=arguments.interval,
            role=arguments.role,
            foreign=tuple(arguments.foreign),
            sensitive=tuple(arguments.sensitive),
            entity=arguments.entity,
            key_file=arguments.log_key_file,
            limits=Limits(arguments.max_body_bytes, arguments.max_rows),
            join_seconds=arguments.join_seconds,
            batch_seconds=arguments.batch_seconds,
            references=tuple(arguments.reference),
            monitoring=arguments.monitoring,
            alerts=arguments.alerts,
            replicas=arguments.replicas,
            grace=arguments.grace,
        )
        asyncio.run(run(settings))
    except BadInput as error:
        print(error, file=sys.stderr, flush=True)
        sys.exit(ExitCode.BAD_INPUT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m phasegate.sidecar",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--spool", type=Path, action="append", default=[], metavar="DIR",
        help="folder that predictors on this machine write to; any number of times",
    )  # fmt: skip
    add("--store", required=True, metavar="URI", help="a folder, or gs://bucket/prefix")
    add(
        "--state", type=Path, metavar="DIR",
        help="folder for events that wait for their other half [sidecar/ in the first spool]",
    )  # fmt: skip
    add("--http-port", type=int, default=9090, help="events, health and metrics [9090]")
    add("--host", default="127.0.0.1", help="address to listen on [127.0.0.1]")
    add(
        "--interval", type=float, default=1.0, metavar="SECONDS",
        help="between two looks at the spools [1]",
    )  # fmt: skip
    add(
        "--grace", type=float, default=0.0, metavar="SECONDS",
        help="that a SIGTERM waits until predictors have closed their spools, and all that they "
        "left is in the store [0]",
    )  # fmt: skip
    add(
        "--until-stdin-closes",
        action="store_true",
        help="stop when standard input ends, so that the sidecar never outlives who started it",
    )
    events = parser.add_argument_group("CloudEvents of foreign runtimes")
    events.add_argument(
        "--foreign", action="append", default=[], metavar="NAME[/canary]=DIGEST[,...]",
        help="sha256 that an InferenceService's model is logged under [that of its name]; with "
        "threshold=0.5 from which scores are positive, and score=OUTPUT that holds the score; any "
        "number of times",
    )  # fmt: skip
    events.add_argument(
        "--role", choices=ROLES, default="champion",
        help="role of revisions that are no canary; a canary is the challenger [champion]",
    )  # fmt: skip
    add_privacy_options(events)
    events.add_argument(
        "--entity", metavar="COLUMN",
        help="column that the header x-entity-id is taken from, whose rule it shares",
    )  # fmt: skip
    events.add_argument(
        "--max-body-bytes", type=int, default=Limits.body_bytes, help="of one event"
    )
    events.add_argument("--max-rows", type=int, default=Limits.rows, help="of one event")
    events.add_argument(
        "--join-seconds", type=float, default=60.0, metavar="SECONDS",
        help="after which a request without a response has failed [60]",
    )  # fmt: skip
    events.add_argument(
        "--batch-seconds", type=float, default=30.0, metavar="SECONDS",
        help="longest time from a joined record to its file [30]",
    )  # fmt: skip
    drift = parser.add_argument_group("drift")
    drift.add_argument(
        "--reference", type=Path, action="append", default=[], metavar="DIR",
        help="folder of a model's ReferenceProfile, or that holds such folders, also later ones; "
        "any number of times; without it drift is not watched",
    )  # fmt: skip
    drift.add_argument(
        "--monitoring", type=Path, metavar="FILE", help="monitoring policy as JSON [the defaults]"
    )
    drift.add_argument(
        "--alerts", metavar="URL",
        help="http address that gets a CloudEvent for each window with an alert",
    )  # fmt: skip
    drift.add_argument(
        "--replicas", type=int, default=1, metavar="N",
        help="sidecars of the same models; of several, none judges the number of rows, which the "
        "monitoring pipeline does on all their summaries, nor takes windows that went with its "
        "state from the store [1]",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    main()
