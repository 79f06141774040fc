"""Evidence as drivers ask for it: log, proxy and kill switch together."""

from __future__ import annotations

from datetime import datetime

from phasegate.errors import Unavailable
from phasegate.release.drivers.world import EvidenceSource, Switch
from phasegate.release.evidence import Evidence
from phasegate.release.gathering.evidence import gather
from phasegate.release.gathering.log import LogSource
from phasegate.release.record import ReleaseRecord
from phasegate.traffic.target import TrafficTarget


def evidence_source(
    model: str, log: LogSource, target: TrafficTarget, switch: Switch
) -> EvidenceSource:
    """What gathers the evidence of a model's releases."""

    def kill() -> bool:
        on = switch.is_on(model)
        if on is None:
            raise Unavailable(switch.problem, where="kill switch")
        return on

    def source(record: ReleaseRecord, now: datetime, *, read_log: bool) -> Evidence:
        return gather(record, now, log if read_log else None, target, kill)

    return source
