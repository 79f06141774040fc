"""The shadow of the serverless mode: sends the champion's sealed log to the challenger.

    python -m phasegate.traffic.kserve.serverless fraud/card-fraud \\
        --log gs://bucket/log --store gs://bucket/releases

It copies the share that the kept plan's mirror says, from when the release's phase was applied,
and nothing while the kill switch is pulled or no release copies anything. It may be killed at any
time, and run more than once.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from datetime import datetime
from pathlib import Path

from phasegate import clock
from phasegate.errors import BadInput, ExitCode
from phasegate.kubernetes.cluster import connect
from phasegate.release.store import open_releases
from phasegate.store.named import open_named
from phasegate.traffic.kserve.serverless.bookmark import Bookmarks, Progress
from phasegate.traffic.kserve.serverless.replay import Replay, Shadow
from phasegate.traffic.kserve.serverless.replayed import write_replayed
from phasegate.traffic.kserve.serverless.sending import Limits
from phasegate.traffic.kserve.serverless.target import KServeServerlessTarget


def main(arguments: list[str] | None = None) -> int:
    """Replay until told to stop; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except BadInput as error:
        print(error, file=sys.stderr)
        return ExitCode.BAD_INPUT


def _run(options: argparse.Namespace) -> int:
    namespace, _, name = options.service.partition("/")
    if not namespace or not name:
        raise BadInput(f"'{options.service}' is no service", expected="NAMESPACE/NAME")
    limits = Limits(options.rate, options.at_once, options.seconds, options.attempts)
    since = _moment(options.since) if options.since else None
    cluster = connect()
    target = KServeServerlessTarget(cluster, namespace, name)
    releases = open_releases(options.store)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def tell(shadow: Shadow, progress: Progress) -> None:
        lost = sum(progress.lost.values())
        print(
            f"{progress.copies:,} copies, {progress.answers:,} answers, {lost:,} lost", flush=True
        )
        counts = (progress.copies, progress.answers, progress.lost)
        pair = (shadow.champion, shadow.challenger.name)
        write_replayed(cluster, namespace, name, *pair, counts)

    def begun(shadow: Shadow) -> datetime | None:
        """Event time from which the running release compares these two."""
        if since is not None:
            return since
        entry = releases.head(name)
        if entry is None or entry.record.is_over:
            return None
        record = entry.record
        pair = (record.champion.slot, record.challenger.slot)
        return record.phase_applied if pair == (shadow.champion, shadow.challenger.name) else None

    code = ExitCode.PASSED
    with tempfile.TemporaryDirectory(prefix="phasegate-") as folder:
        replay = Replay(
            model=name,
            log=open_named(options.log),
            bookmarks=Bookmarks(options.store, name),
            wanted=lambda: None if stop.is_set() else target.shadow(),
            limits=limits,
            concealed=options.concealed,
            folder=Path(folder),
            tell=tell,
        )
        while not stop.is_set():
            code = ExitCode.PASSED
            try:
                shadow = target.shadow()
                moment = begun(shadow) if shadow else None
                if moment is not None:
                    replay.once(moment, clock.now())
            except BadInput as error:  # whatever it is, the next look may succeed
                print(error, file=sys.stderr, flush=True)
                code = ExitCode.BAD_INPUT
            if options.once:
                break
            stop.wait(options.every)
    return code


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadInput(f"'{text}' is no time", where="--since", expected="ISO 8601 with its zone")
    return moment


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m phasegate.traffic.kserve.serverless",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    usual = Limits()
    add("service", metavar="NAMESPACE/NAME", help="of the InferenceService")
    add("--log", required=True, metavar="URI", help="store of the prediction log")
    add("--store", required=True, metavar="URI", help="store of releases, and of the bookmark")
    add("--since", metavar="TIME", help="first event time [when the release's phase was applied]")
    add("--rate", type=float, default=usual.rate, help=f"requests a second [{usual.rate:g}]")
    add("--at-once", type=int, default=usual.at_once, help=f"requests waiting [{usual.at_once}]")
    add(
        "--seconds", type=float, default=usual.seconds,
        help=f"for one answer; longer than a cold start [{usual.seconds:g}]",
    )  # fmt: skip
    add("--attempts", type=int, default=usual.attempts, help=f"of each [{usual.attempts}]")
    add("--every", type=float, default=30.0, metavar="SECONDS", help="between two looks [30]")
    add("--once", action="store_true", help="send what is there, and end")
    add(
        "--concealed", action="append", default=[], metavar="COLUMN",
        help="a column that the predictor logs as a hash (its --sensitive); any number of times",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
