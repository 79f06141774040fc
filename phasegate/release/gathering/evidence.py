"""Everything that is known of a release at a time, each source by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from phasegate.errors import BadInput
from phasegate.release.evidence import Evidence, Proportion, Traffic
from phasegate.release.gathering.log import LogSource, without_metric
from phasegate.release.record import ReleaseRecord
from phasegate.traffic.state import BackendState, TrafficState
from phasegate.traffic.target import TrafficTarget


def gather(
    record: ReleaseRecord,
    now: datetime,
    log: LogSource | None,
    target: TrafficTarget,
    kill: Callable[[], bool | None],
) -> Evidence:
    """Evidence of the record's phase. A source that fails is None, and said among the problems.

    A business metric that cannot be computed is a problem, and takes nothing but the values away.

    Args:
        record: of the release.
        now: event time.
        log: the prediction log; None where it is not to be read.
        target: the proxy.
        kill: whether the kill switch is on; None where that cannot be told.
    """
    problems: list[str] = []
    parts = {}
    for name in ("pairs", "cohorts") if log and record.phase_applied else ():
        try:
            parts[name], problem = without_metric(getattr(log, name), record, now)
            problems += [problem] * bool(problem)
        except BadInput as error:
            problems.append(str(error))
    traffic, switched = None, None
    try:
        traffic = traffic_of(target.observe())
    except BadInput as error:
        problems.append(str(error))
    try:
        switched = kill()
    except BadInput as error:
        problems.append(str(error))
    return Evidence(
        release=record.release,
        champion=record.champion.digest,
        challenger=record.challenger.digest,
        phase=record.current.name,
        since=record.phase_applied or record.phase_started,
        until=now,
        pairs=parts.get("pairs"),
        cohorts=parts.get("cohorts"),
        traffic=traffic,
        kill=switched,
        log_read=len(parts) == 2,
        problems=tuple(dict.fromkeys(problems)),
    )


def traffic_of(state: TrafficState) -> Traffic:
    """What a proxy reports, as evidence; requests that are being answered are not counted yet."""
    challenger, mirror = state.challenger, state.mirror
    return Traffic(
        champion=state.champion.backend.name,
        challenger=challenger.backend.name if challenger else "",
        weight=challenger.share if challenger else 0,
        mirror=mirror.share if mirror else 0,
        killed=state.killed,
        champion_errors=_errors(state.champion),
        challenger_errors=_errors(challenger) if challenger else Proportion(0, 0),
        copies_lost=Proportion(sum(mirror.lost.values()), max(mirror.copies - mirror.active, 0))
        if mirror
        else Proportion(0, 0),
        challenger_healthy=challenger.healthy if challenger else False,
    )


def _errors(backend: BackendState) -> Proportion:
    return Proportion(backend.errors, backend.answers + backend.errors)
