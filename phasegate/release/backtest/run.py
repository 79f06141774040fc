"""A whole backtest: past traffic, models and policies in; a study out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from phasegate.errors import BadInput
from phasegate.local.serving.models import ServedModel
from phasegate.progress import Progress, between
from phasegate.release.backtest.offline import offline_scores
from phasegate.release.backtest.past import Past
from phasegate.release.backtest.replay import Contest
from phasegate.release.backtest.study import Candidate, Study, study
from phasegate.release.backtest.table import Answered, fill_table
from phasegate.release.gathering.business import BusinessValue
from phasegate.release.policy import Policy
from phasegate.release.record import ModelVersion

_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        champion: who answered, or would have.
        challenger: who might have.
        past: the traffic.
        candidates: policies to compare.
        every: event time between two looks.
        since: start of the releases; None for the beginning of the traffic.
        until: None for its end.
        salt: of the cohorts; empty for the one that the proxy takes for this challenger.
        sensitive: column -> ``hash`` or ``drop`` of the prediction log.
        cache: folder that keeps scores.
    """

    champion: ServedModel
    challenger: ServedModel
    past: Past
    candidates: tuple[Candidate, ...]
    every: timedelta
    cache: Path
    since: datetime | None = None
    until: datetime | None = None
    salt: str = ""
    sensitive: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Backtest:
    """What was found.

    Attributes:
        source: of the traffic, for people.
        salt: of the cohorts.
        answered: the traffic.
        study: the policies over it.
    """

    source: str
    salt: str
    answered: Answered
    study: Study


def backtest(question: Question, progress: Progress) -> Backtest:
    """Score the past, replay every policy over it, and look back.

    Raises:
        BadInput: the two are one model, the past lacks what a model or a policy reads, or nobody
            looks in the time asked for.
    """
    asked = question
    if asked.champion.digest == asked.challenger.digest:
        raise BadInput(
            "champion and challenger are the same model",
            where=f"{asked.champion.reference} and {asked.challenger.reference}",
        )
    since, until = asked.since, asked.until
    if since and until and since >= until:
        raise BadInput("no time is between them", where=f"{since} and {until}")
    features = _features(asked.past, asked.candidates)
    challenger = offline_scores(
        asked.challenger, asked.past.files, asked.cache, between(progress, 0.0, 0.3),
        asked.sensitive,
    )  # fmt: skip
    champion: list[Path] = []
    if not asked.past.is_log:
        part = between(progress, 0.3, 0.5)
        champion = offline_scores(asked.champion, asked.past.files, asked.cache, part)
    progress(0.5, "joining what both answered")
    salt = asked.salt or asked.challenger.digest[:12]
    with _database() as connection:
        answered = fill_table(
            connection, asked.past, champion, challenger, features, salt, since, until
        )
        contest = Contest(
            model=asked.champion.name,
            champion=ModelVersion(asked.champion.version, asked.champion.digest),
            challenger=ModelVersion(asked.challenger.version, asked.challenger.digest),
            since=since or _floor(answered.first, asked.every),
            until=until or _ceiling(answered.last),
            every=asked.every,
        )
        part = between(progress, 0.6, 1.0)
        found = study(connection, contest, asked.candidates, asked.cache, part)
    return Backtest(asked.past.source, salt, answered, found)


@contextmanager
def _database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def _features(past: Past, candidates: Sequence[Candidate]) -> list[str]:
    """Features that the policies look at.

    Raises:
        BadInput: the past does not have one of them.
    """
    schema = pq.read_schema(past.files[0])
    known = schema.names
    if past.is_log:
        kind = schema.field("features").type
        known = [kind.field(at).name for at in range(kind.num_fields)]
    wanted = set()
    for one in candidates:
        wanted |= _looked_at(one.policy, known)
        if absent := sorted(wanted - set(known)):
            raise BadInput(
                f"looks at '{absent[0]}', which the past traffic does not have",
                where=f"policy {one.name}",
                expected=f"one of {', '.join(known)}",
            )
    return sorted(wanted)


def _looked_at(policy: Policy, known: Sequence[str]) -> set[str]:
    by = {gate.by for phase in policy.phases for gate in (*phase.gates, *phase.guardrails)}
    named = BusinessValue(policy.metric, known).features if policy.metric else ()
    return {*policy.slices, *(by - {""}), *named}


def _floor(moment: datetime, every: timedelta) -> datetime:
    """Looks are at round times where nobody says when they begin."""
    return moment - (moment - _EPOCH) % every


def _ceiling(moment: datetime) -> datetime:
    return moment + _MINUTE - (moment - _EPOCH) % _MINUTE
