"""Skew in a window: from the files of the log and of the raw events to a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from phasegate.errors import BadInput, Unavailable
from phasegate.features.definitions import FeatureDefinitions
from phasegate.monitoring.policy import SkewRules
from phasegate.monitoring.skew.judging import judge_skew, not_compared
from phasegate.monitoring.skew.raw_events import write_events
from phasegate.monitoring.skew.recomputation import Recomputed, recompute
from phasegate.monitoring.skew.report import SkewReport
from phasegate.monitoring.skew.served import Served, read_served
from phasegate.progress import Progress, no_progress

_MEMORY = "2GB"


@dataclass(frozen=True, eq=False)
class Detected:
    """A report, and the rows that it was made of where any were compared."""

    report: SkewReport
    served: Served
    recomputed: Recomputed | None


def detect(
    log: Sequence[Path],
    find_events: Callable[[], Mapping[str, Sequence[Path]]],
    data: Mapping[str, Any],
    definitions: FeatureDefinitions,
    rules: SkewRules,
    *,
    key: str,
    model_digest: str,
    since: datetime,
    until: datetime,
    folder: Path,
    threads: int,
    progress: Progress = no_progress,
) -> Detected:
    """Compare what was served with what raw events give.

    Events that no features can be computed from make a report that alerts, and says why.

    Args:
        log: files of the prediction log, under the names that its store gives them.
        find_events: gives the files of raw events by kind, as `label_files` does; it is called only
            where there are rows to compare.
        data: data section of the project file.
        definitions: of the features.
        rules: what is compared, and what alerts.
        key: column of the events that request ids are taken from.
        model_digest: of the model that was asked.
        since: first event time.
        until: event time that the rows are before.
        folder: for files that are made; large ones.
        threads: to compute with.
        progress: told a fraction and what is being done.

    Raises:
        BadInput: the log cannot be read.
        Unavailable: the raw events' store did not answer.
    """
    window = {"model_digest": model_digest, "since": since, "until": until}
    settings = {
        "threads": threads,
        "memory_limit": _MEMORY,
        "temp_directory": str(folder / "spill"),
    }
    with duckdb.connect(config=settings) as connection:
        progress(0.05, "reading the prediction log")
        served = read_served(connection, log, **window, limit=rules.rows)
        if not served.logged:
            problem = "Nobody was answered in this window: there is nothing to compare."
            return Detected(
                not_compared(**window, problem=problem, logged=0, alert=False), served, None
            )
        try:
            progress(0.15, f"reading the raw events of {len(served.rows):,} requests")
            raw = write_events(
                connection,
                find_events(),
                data,
                definitions,
                key,
                since,
                until,
                folder / "events.parquet",
            )
            if not raw.rows:
                problem = "There are no raw events of this window and the past before it."
                raise BadInput(problem)
            progress(0.3, f"computing the features of {raw.rows:,} raw events")
            recomputed = recompute(
                connection,
                served.rows["_request_id"],
                raw,
                definitions,
                folder / "features.parquet",
                threads=threads,
            )
        except Unavailable:
            raise
        except BadInput as error:
            problem = f"Features could not be computed again: {error}"
            report = not_compared(**window, problem=problem, logged=served.logged, alert=True)
            return Detected(report, served, None)
    progress(0.6, f"comparing {len(served.rows):,} rows")
    return Detected(judge_skew(served, recomputed, rules, **window), served, recomputed)
