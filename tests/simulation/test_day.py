"""A simulated day: realistic, independent of other days, and changed only where asked."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from phasegate.errors import BadInput
from phasegate.simulation import Simulation, parse_change, simulate_day
from phasegate.simulation.fraud import SCENARIOS
from phasegate.simulation.population import CATEGORIES
from phasegate.simulation.transactions import CHANNELS

DAY = date(2026, 3, 10)
SMALL = Simulation(date(2026, 3, 1), 30, customers=2_000, terminals=200, scenario_column=True)


def changed(*texts: str) -> Simulation:
    return replace(SMALL, changes=tuple(map(parse_change, texts)))


def of_scenario(table, name):
    return table.filter(pc.equal(table["scenario"], name))


def test_a_day_does_not_depend_on_the_period_it_is_part_of():
    elsewhere = replace(SMALL, start=DAY, days=1)
    assert simulate_day(SMALL, DAY).equals(simulate_day(elsewhere, DAY))


def test_days_and_seeds_differ():
    first = simulate_day(SMALL, DAY)
    assert not first["amount"].equals(simulate_day(SMALL, DAY + timedelta(days=1))["amount"])
    assert not first["amount"].equals(simulate_day(replace(SMALL, seed=8), DAY)["amount"])


def test_events_are_in_order_within_their_day_and_numbered_uniquely():
    table = simulate_day(SMALL, DAY)
    times = table["event_time"].cast("int64").to_numpy()
    assert (np.diff(times) >= 0).all()
    assert {str(day) for day in pc.unique(pc.cast(table["event_time"], "date32")).to_pylist()} == {
        str(DAY)
    }
    assert pc.count_distinct(table["transaction_id"]).as_py() == len(table)


def test_values_are_within_what_is_documented():
    table = simulate_day(SMALL, DAY)
    assert pc.min(table["amount"]).as_py() > 0
    amounts = table["amount"].to_numpy()
    assert (np.round(amounts, 2) == amounts).all()
    assert set(pc.unique(table["category"]).to_pylist()) <= set(CATEGORIES)
    assert set(pc.unique(table["channel"]).to_pylist()) == set(CHANNELS)
    assert all(table[name].null_count == 0 for name in table.column_names)


def test_three_times_the_fraud_is_three_times_as_much_in_every_scenario():
    rows = {name: [0, 0] for name in SCENARIOS[1:]}
    for ordinal in range(20):
        day = SMALL.start + timedelta(days=ordinal)
        for place, times in enumerate((1.0, 3.0)):
            crowd = replace(SMALL, customers=4_000, terminals=2_000, fraud=times)
            table = simulate_day(crowd, day)
            for name, counted in rows.items():
                counted[place] += of_scenario(table, name).num_rows
    assert all(2 < more / usual < 4 for usual, more in rows.values()), rows


def test_one_to_two_percent_are_fraud_in_every_scenario():
    days = [simulate_day(SMALL, day) for day in SMALL.dates()]
    rate = sum(pc.sum(day["is_fraud"]).as_py() for day in days) / sum(map(len, days))
    assert 0.008 < rate < 0.022
    for scenario in SCENARIOS:
        assert sum(len(of_scenario(day, scenario)) for day in days) > 50


def test_every_label_comes_after_its_event_and_before_the_stated_delay():
    table = simulate_day(SMALL, DAY)
    delay = pc.subtract(table["label_time"].cast("int64"), table["event_time"].cast("int64"))
    assert pc.min(delay).as_py() >= 0
    assert pc.max(delay).as_py() < timedelta(days=SMALL.label_delay) / timedelta(microseconds=1)


def test_the_answer_key_is_not_a_column_by_default():
    assert "scenario" not in simulate_day(replace(SMALL, scenario_column=False), DAY).column_names


def test_drift_inflates_genuine_amounts_only():
    before = simulate_day(SMALL, DAY)
    after = simulate_day(changed("drift@2026-03-01:days=5,factor=2"), DAY)
    ratio = pc.divide(
        of_scenario(after, "genuine")["amount"], of_scenario(before, "genuine")["amount"]
    )
    assert pc.mean(ratio).as_py() == pytest.approx(2.0, rel=0.01)
    name = "stolen_card"
    assert of_scenario(after, name)["amount"].equals(of_scenario(before, name)["amount"])


def test_a_concept_change_leaves_days_before_it_alone_and_makes_bursts_small_and_by_day():
    concept = changed("concept@2026-03-15")
    assert simulate_day(concept, DAY).equals(simulate_day(SMALL, DAY))
    old, new = (
        pa.concat_tables(
            of_scenario(simulate_day(simulation, date(2026, 3, day)), "burst")
            for day in range(15, 25)
        )
        for simulation in (SMALL, concept)
    )
    assert pc.max(pc.hour(old["event_time"])).as_py() < 5
    assert pc.min(pc.hour(new["event_time"])).as_py() >= 9
    assert pc.max(new["amount"]).as_py() < 10 < pc.mean(old["amount"]).as_py()


def test_a_bug_changes_what_is_written_and_nothing_else():
    right = simulate_day(SMALL, DAY)
    cents = simulate_day(changed("bug@2026-03-10:kind=cents,days=1"), DAY)
    assert np.allclose(cents["amount"].to_numpy(), right["amount"].to_numpy() * 100)
    assert cents.drop_columns("amount").equals(right.drop_columns("amount"))

    empty = simulate_day(changed("bug@2026-03-10:kind=null,column=category"), DAY)
    assert empty["category"].null_count == len(empty)
    assert empty.schema.equals(right.schema)

    case = simulate_day(changed("bug@2026-03-10:kind=case,share=0.5"), DAY)
    share = pc.mean(pc.equal(case["category"], pc.utf8_upper(right["category"])).cast("int8"))
    assert share.as_py() == pytest.approx(0.5, abs=0.05)


def test_a_mended_bug_leaves_no_trace():
    mended = changed("bug@2026-03-08:kind=cents,days=2")
    assert simulate_day(mended, DAY).equals(simulate_day(SMALL, DAY))


def test_a_population_of_one_customer_is_simulated():
    tiny = Simulation(DAY, 1, customers=1, terminals=20)
    assert simulate_day(tiny, DAY).num_rows < 100


@pytest.mark.parametrize(
    ("wrong", "taught"),
    [
        ({"days": 0}, "1 or more"),
        ({"customers": 0}, "1 or more"),
        ({"terminals": 3}, "20 or more"),
        ({"seed": -1}, "0 or more"),
        ({"transactions_per_day": 0.0}, "above 0"),
        ({"label_delay": 0}, "1 to 365 days"),
        ({"fraud": 0.0}, "above 0"),
        ({"fraud": 11.0}, "at most 10"),
        ({"days": 10**9}, "before the year 10000"),
        ({"changes": (parse_change("drift@2027-01-01"),)}, "a date up to 2026-03-30"),
    ],
)
def test_an_impossible_simulation_is_refused(wrong, taught):
    with pytest.raises(BadInput) as caught:
        replace(SMALL, **wrong)
    assert taught in str(caught.value)
