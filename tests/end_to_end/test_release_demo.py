"""The release demo on two small models: its production, its journeys, and what it checks of them.

The models, the days and the policy are smaller than the demo's; all processes are the real ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from examples.production.production import Production
from examples.release_demo.journey import travel
from examples.release_demo.outcome import Outcome, outcome_of, unrecorded
from examples.release_demo.scenarios import SCENARIOS
from examples.release_demo.tables import EXPORTS, Tables
from examples.release_demo.training import PROJECT
from examples.release_demo.witness import Witness
from phasegate.clock import microseconds
from phasegate.local.serving.models import ServedModel
from phasegate.project.load import load_project
from phasegate.registry.models import CHAMPION, connect
from phasegate.registry.tracking import tracked_run
from phasegate.release.drivers.starting import VERDICTS
from phasegate.release.policy import Gate, Minimum, Phase, Policy
from phasegate.release.record import Status
from phasegate.traffic.plan import WHOLE
from tests.serving.conftest import small_model

NAME = "demo-fraud"
DAY = timedelta(days=1)
REQUESTS = 1_200
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
CRASHING, GOOD = BY_NAME["crashing"], BY_NAME["good"]


def policy() -> Policy:
    """A day of each phase."""
    minimum = Minimum(DAY, 200, 20)
    errors = Gate("errors", 0.05, "champion")
    phases = (
        Phase("shadow", 0, WHOLE, minimum, 3 * DAY, gates=(Gate("coverage", 0.99), errors)),
        Phase("canary", 5_000, WHOLE, minimum, 3 * DAY, gates=(errors,)),
        Phase("bake", WHOLE, 0, minimum, 3 * DAY, gates=(Gate("errors", 0.05, on="cohorts"),)),
    )
    return Policy(phases, unreachable=2 * DAY)


def write_day(tables: Tables, day: datetime) -> None:
    """Requests of 200 customers over a day, as the small models ask for them."""
    random = np.random.default_rng(day.toordinal())
    at = np.sort(random.integers(0, microseconds(day + DAY) - microseconds(day), REQUESTS))
    table = pa.table(
        {
            "amount": random.normal(size=REQUESTS),
            "mean_7d": random.gamma(2, 30, REQUESTS),
            "category": random.choice(["food", "fuel", "travel"], REQUESTS),
            "customer_id": [f"customer-{number}" for number in random.integers(0, 200, REQUESTS)],
            "transaction_id": [f"{day:%m%d}-{number}" for number in range(REQUESTS)],
            "event_time": pa.array(at + microseconds(day)).cast(pa.timestamp("us", "UTC")),
        }
    )
    tables.requests(day).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, tables.requests(day))


def registered(seed: int, folder: Path) -> ServedModel:
    """A small model that is said to have passed its gates."""
    model = replace(small_model(seed), name=NAME)
    model.save(folder)
    with tracked_run(NAME, "a small model") as run:
        pass
    registry = connect()
    version = registry.register(
        NAME, run.run_id, model.digest,
        source=registry.upload(run.run_id, model.digest, {"model": folder}),
        tags=dict.fromkeys(VERDICTS, "0" * 64), description="",
    )  # fmt: skip
    return ServedModel(str(version), NAME, str(version), model.digest, folder)


@dataclass(frozen=True)
class Played:
    """A demo that is over; production is still there.

    Attributes:
        production: with the promoted model.
        models: the first champion, the one that crashed, the good one.
        crashed: outcome of its journey, as it was right after it.
        promoted: the same of the good one.
        witness: who saw it all.
    """

    production: Production
    models: list[ServedModel]
    crashed: Outcome
    promoted: Outcome
    witness: Witness


@pytest.fixture(scope="module")
def played(mlflow_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """A challenger whose server dies again and again, then one that is well."""
    folder = tmp_path_factory.mktemp("demo")
    tables = Tables(folder / "data", date(2025, 3, 1), 0, 8)
    for number in range(tables.live_days):
        write_day(tables, tables.live_from + number * DAY)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MLFLOW_TRACKING_URI", mlflow_server)
        models = [registered(seed, folder / f"model-{seed}") for seed in (7, 8, 9)]
        with (
            Production(folder, models[0], tables.live_from, lambda _: None) as production,
            Witness(production.world.target) as witness,
        ):
            ends = []
            for scenario, model in ((CRASHING, models[1]), (GOOD, models[2])):
                pair = models[0], model
                journey = travel(production, scenario, pair, policy(), tables, lambda _: None)
                ends.append(outcome_of(production, journey, folder))
                production.withdraw(models[0] if scenario is GOOD else model)
            yield Played(production, models, *ends, witness)


def test_what_crashes_is_rolled_back_and_no_user_notices(played: Played) -> None:
    journey = played.crashed.journey
    assert played.crashed.flaws == ()
    assert journey.end.record.status is Status.ROLLED_BACK
    assert "errors" in journey.end.reason
    assert journey.kills >= 1
    assert journey.failed.total() == 0
    assert journey.by_role["challenger"] > 0
    assert journey.by_role.total() == journey.requests == REQUESTS * len(journey.days)


def test_the_good_one_is_promoted_in_the_registry_too(played: Played) -> None:
    journey = played.promoted.journey
    assert played.promoted.flaws == ()
    assert [day.phase for day in journey.days] == ["shadow", "canary", "bake"]
    assert journey.end.record.status is Status.PROMOTED
    named = played.production.world.registry.resolve(f"{NAME}@{CHAMPION}")
    assert named.model_digest == played.models[2].digest
    assert journey.failed.total() == 0
    assert journey.end.record.challenger.slot in played.promoted.report.read_text(encoding="utf-8")


def test_every_share_that_the_proxy_had_is_in_a_record(played: Played) -> None:
    entries, first = played.production.releases.entries(NAME), played.models[0].digest[:12]
    assert {state[2] for state in played.witness.seen} == {0, 5_000, WHOLE}
    assert played.witness.unrecorded(first, entries) == []
    known = [entry for entry in entries if entry.record.phase == 0]
    assert list(unrecorded(played.witness.unrecorded(first, known)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scenario": replace(GOOD, ends=Status.ROLLED_BACK)}, "it is promoted"),
        ({"failed": Counter({"503": 2})}, "2 requests of users failed"),
        ({"by_role": Counter(champion=1)}, "1 answers"),
    ],
)
def test_an_end_that_is_not_as_it_must_be_is_said(
    played: Played, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    changed = replace(played.promoted.journey, **change)
    flaws = outcome_of(played.production, changed, tmp_path).flaws
    assert any(said in flaw for flaw in flaws)


def test_exports_are_broken_as_the_scenarios_say_and_requests_are_not(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "data", date(2025, 3, 1), 12, 2)
    tables.write(customers=150, seed=7)
    tables.write_features(load_project(PROJECT))
    with duckdb.connect() as connection:

        def ask(sql: str, file: Path) -> tuple[float, ...]:
            return connection.execute(f"SELECT {sql} FROM '{file}'").fetchall()[0]

        counts = {name: ask("count(*), sum(is_fraud)", tables.export(name)) for name in EXPORTS}
        assert len({rows for rows, _ in counts.values()}) == 1
        known = "avg(disputed) FILTER (is_fraud = 1), avg(disputed) FILTER (is_fraud = 0)"
        assert ask(known, tables.export("backfilled"))[0] == 1
        assert max(ask(known, tables.export("honest"))) < 0.1
        online = "sum(is_fraud) FILTER (channel = 'online')"
        assert ask(online, tables.export("lost-labels")) == (0,)
        assert ask(online, tables.export("honest"))[0] > 0
        live = tables.requests(tables.live_from)
        assert ask("avg(disputed)", live)[0] < 0.1
        assert ask("count(DISTINCT transaction_id) = count(*)", live) == (True,)
