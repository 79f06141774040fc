"""What was seen of a release, as sufficient statistics: of one size, whatever the traffic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from phasegate.digests import digest_json
from phasegate.statistics.bounded import Moments
from phasegate.statistics.clusters import Clusters
from phasegate.values import from_json, to_json


@dataclass(frozen=True, slots=True)
class Proportion:
    """How many of how many.

    Attributes:
        count: those of which it is true.
        of: all of them.
    """

    count: int
    of: int


@dataclass(frozen=True, slots=True)
class Pairs:
    """Champion and challenger on the same requests.

    Attributes:
        requests: that the champion answered.
        answered: those that the challenger answered too.
        failed: those at which it failed.
        absent: those that it did not log.
        conflicting: those whose records contradict each other.
        rows: that both answered.
        entities: that they belong to.
        disagreements: rows that the two decide differently.
        slices: column -> value -> rows that the two decide differently.
        champion_scores: counts of the champion's scores on `SCORE_EDGES`.
        challenger_scores: the same of the challenger's.
        champion_latency: counts of the champion's latencies on `LATENCY_EDGES_US`.
        challenger_latency: the same of the challenger's.
        champion_value: business value by entity of the rows whose label is mature; None without
            a business metric.
        difference: the challenger's value less the champion's on each of those rows, by entity.
        bounded: the same differences in the order of event time; None where a row's value has
            no declared bounds.
        unvalued: rows that were to have a value and have none: its SQL gave null.
        differing: rows, and disagreements as their value, by entity; None where only their number
            is known.
    """

    requests: int
    answered: int
    failed: int
    absent: int
    conflicting: int
    rows: int
    entities: int
    disagreements: Proportion
    slices: Mapping[str, Mapping[str, Proportion]]
    champion_scores: tuple[int, ...]
    challenger_scores: tuple[int, ...]
    champion_latency: tuple[int, ...]
    challenger_latency: tuple[int, ...]
    champion_value: Clusters | None = None
    difference: Clusters | None = None
    bounded: Moments | None = None
    unvalued: int = 0
    differing: Clusters | None = None


@dataclass(frozen=True, slots=True)
class Cohort:
    """What one model answered for its own entities.

    Attributes:
        requests: that it answered or failed.
        failed: those that it failed.
        entities: that they belong to.
        latency: counts of its latencies on `LATENCY_EDGES_US`.
        decisions: rows and positive decisions by entity.
        value: rows and business value by entity, of rows whose label is mature; None without a
            business metric.
        bounded: value of the first row of each entity whose value is known, in the order of event
            time: each entity once, with a value that stays; None where a row's value has no
            declared bounds.
        unvalued: rows that were to have a value and have none: its SQL gave null.
    """

    requests: int
    failed: int
    entities: int
    latency: tuple[int, ...]
    decisions: Clusters
    value: Clusters | None = None
    bounded: Moments | None = None
    unvalued: int = 0


@dataclass(frozen=True, slots=True)
class Cohorts:
    """The two cohorts of a phase.

    Attributes:
        champion: who the champion answered.
        challenger: who the challenger answered.
        crossed: entities that both answered; they are counted as the challenger's.
    """

    champion: Cohort
    challenger: Cohort
    crossed: int = 0


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the proxy does, and has counted since the two were paired.

    Attributes:
        champion: digest (12 digits) of who answers what nobody else does.
        challenger: of who can have a share and get copies; empty where nobody can.
        weight: the challenger's share in force, in basis points.
        mirror: share of copies in force, in basis points.
        killed: whether the kill switch is pulled.
        champion_errors: of the champion's requests, those that it failed.
        challenger_errors: the same of the challenger's.
        copies_lost: of the copies, those that got no answer.
        challenger_healthy: whether it passes its health checks.
    """

    champion: str
    challenger: str
    weight: int
    mirror: int
    killed: bool
    champion_errors: Proportion
    challenger_errors: Proportion
    copies_lost: Proportion
    challenger_healthy: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is known when a release is looked at.

    What could not be read is None, and said in ``problems``: no judge takes it for a pass.

    Attributes:
        release: whose it is.
        champion: digest of the champion's model.
        challenger: digest of the challenger's model.
        phase: name of the phase it was gathered for.
        since: first event time of what was counted.
        until: event time that is not part of it any more.
        pairs: None where the log was not read, or nothing is mirrored.
        cohorts: None where the log was not read, or the challenger has no share.
        traffic: None where the proxy did not answer.
        kill: whether the release's kill switch is on; None where the flag could not be read.
        log_read: whether the log was to be read, and was.
        problems: what could not be read, and why.
    """

    release: str
    champion: str
    challenger: str
    phase: str
    since: datetime
    until: datetime
    pairs: Pairs | None = None
    cohorts: Cohorts | None = None
    traffic: Traffic | None = None
    kill: bool | None = None
    log_read: bool = False
    problems: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether log, proxy and kill switch could all be read."""
        return self.log_read and self.traffic is not None and self.kill is not None

    @property
    def digest(self) -> str:
        """Hex sha256 of its JSON values."""
        return digest_json(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` reads them."""
        return to_json(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str = "evidence") -> Evidence:
        """The evidence of JSON values.

        Raises:
            BadInput: they are none.
        """
        return from_json(cls, value, where)
