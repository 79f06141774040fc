"""Each kind of fault, planted in what was served, is found and named; nothing else is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from phasegate.monitoring.skew.report import CauseKind, FeatureSkew

from .planting import FEATURES, World, clean_world, detected, features_as, over_past

DAY = 86_400_000_000


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return clean_world(tmp_path_factory.mktemp("world"))


def found(world: World, folder: Path, *names: str) -> list[FeatureSkew]:
    """The features that differ, which must be the named ones and no others."""
    report = detected(world, folder).report
    assert {one.feature for one in report.features if one.differing} == set(names)
    assert report.alert
    assert report.rows > 500
    assert not report.unmatched
    return [next(one for one in report.features if one.feature == name) for name in names]


def test_clean_requests_have_no_findings(world: World, tmp_path: Path) -> None:
    report = detected(world, tmp_path).report
    assert report.rows == len(world.served) > 500
    assert not report.unmatched
    assert not report.problems
    assert not report.alert
    assert len(report.features) == 14
    assert not any(one.differing or one.cause for one in report.features)


def _closed(world: World) -> dict[str, object]:
    past = over_past(world, "customer_id", "amount", f"e.t >= r.t - {DAY}", "e.t <= r.t")
    return {
        "customer_id_amount_count_1d": past["n"].cast(pa.float64()),
        "customer_id_amount_sum_1d": past["total"],
    }


def _delay_left_out(world: World) -> dict[str, object]:
    since = f"e.t >= r.t - {5 * DAY}"
    past = over_past(world, "terminal_id", "is_fraud", since, "e.t < r.t")
    return {"terminal_id_is_fraud_count_5d": past["n"].cast(pa.float64())}


def _zone_of_window(world: World) -> dict[str, object]:
    hour = DAY // 24
    past = over_past(
        world, "customer_id", "amount", f"e.t >= r.t - {7 * DAY + 2 * hour}",
        f"e.t < r.t - {2 * hour}",
    )  # fmt: skip
    return {"customer_id_amount_sum_7d": past["total"]}


def _midnight(world: World) -> dict[str, object]:
    past = over_past(
        world, "customer_id", "amount", f"e.t >= r.t // {DAY} * {DAY} - {7 * DAY}",
        f"e.t < r.t // {DAY} * {DAY}",
    )  # fmt: skip
    return {"customer_id_amount_count_7d": past["n"].cast(pa.float64())}


def _filled(value: float) -> object:
    return lambda world: {"distance_km": pc.fill_null(world.served["distance_km"], value)}


def _zone_of_parts(minutes: int) -> object:
    def plant(world: World) -> dict[str, object]:
        moments = world.served["_time"].cast(pa.timestamp("us"))
        moved = pc.add(moments, pa.scalar(minutes * 60_000_000, pa.duration("us")))
        return {
            "event_time_hour": pc.hour(moved).cast(pa.float64()),
            "event_time_weekday": pc.day_of_week(moved).cast(pa.float64()),
        }

    return plant


def _permuted(world: World) -> dict[str, object]:
    names = sorted(set(world.served["category"].to_pylist()))
    moved = dict(zip(names, names[1:] + names[:1], strict=True))
    return {"category": [moved[name] for name in world.served["category"].to_pylist()]}


def _coded(world: World) -> dict[str, object]:
    names = sorted(set(world.served["channel"].to_pylist()))
    return {"channel": [str(names.index(name)) for name in world.served["channel"].to_pylist()]}


def _stale(world: World) -> dict[str, object]:
    events = world.events.sort_by([("event_time", "ascending"), ("transaction_id", "ascending")])
    last: dict[str, float] = {}
    before: dict[str, float | None] = {}
    for row in events.select(["transaction_id", "customer_id", "amount"]).to_pylist():
        before[str(row["transaction_id"])] = last.get(row["customer_id"])
        last[row["customer_id"]] = row["amount"]
    ids = world.served["_id"].to_pylist()
    return {"amount": pa.array([before[one] for one in ids], pa.float64())}


PLANTED = {
    "event itself counted": (_closed, CauseKind.WINDOW_EDGE, "the event itself counted"),
    "delay left out": (_delay_left_out, CauseKind.WINDOW_EDGE, "delay is ignored"),
    "0 for missing": (_filled(0.0), CauseKind.NULL_HANDLING, "0 is served"),
    "-1 for missing": (_filled(-1.0), CauseKind.NULL_HANDLING, "-1 is served"),
    "mean for missing": (_filled(12.345678), CauseKind.NULL_HANDLING, "12.3457 (mean"),
    "missing for 0": (
        lambda world: {
            "terminal_id_is_fraud_count_5d": pc.if_else(
                pc.equal(world.served["terminal_id_is_fraud_count_5d"], 0),
                pa.scalar(None, pa.float64()),
                world.served["terminal_id_is_fraud_count_5d"],
            ),
            "customer_id_amount_count_1d": pc.if_else(
                pc.equal(world.served["customer_id_amount_count_1d"], 0),
                pa.scalar(None, pa.float64()),
                world.served["customer_id_amount_count_1d"],
            ),
        },
        CauseKind.NULL_HANDLING,
        "0 is served as missing",
    ),
    "two hours of windows": (_zone_of_window, CauseKind.TIME_ZONE, "shifted by -2 h"),
    "Indian time": (_zone_of_parts(330), CauseKind.TIME_ZONE, "shifted by +5:30 h"),
    "Berlin time": (_zone_of_parts(60), CauseKind.TIME_ZONE, "shifted by +1 h"),
    "other order": (_permuted, CauseKind.ENCODING, "another order"),
    "codes": (_coded, CauseKind.ENCODING, "codes"),
    "upper case": (
        lambda world: {"category": pc.utf8_upper(world.served["category"])},
        CauseKind.ENCODING,
        "upper case",
    ),
    "columns exchanged": (
        lambda world: {
            "customer_id_amount_sum_1d": world.served["customer_id_amount_sum_7d"],
            "customer_id_amount_sum_7d": world.served["customer_id_amount_sum_1d"],
        },
        CauseKind.ENCODING,
        "value of customer_id_amount_sum_",
    ),
    "cents": (
        lambda world: {"amount": pc.multiply(world.served["amount"], 100.0)},
        CauseKind.UNIT,
        "100 times",
    ),
    "another currency": (
        lambda world: {"amount": pc.multiply(world.served["amount"], 1.0837)},
        CauseKind.UNIT,
        "1.0837 times",
    ),
    "scaled": (
        lambda world: {"amount": pc.divide(pc.subtract(world.served["amount"], 40.0), 25.0)},
        CauseKind.UNIT,
        "0.04 x + -1.6",
    ),
    "single precision": (
        lambda world: {"amount": world.column("amount").astype(np.float32).astype(float)},
        CauseKind.UNIT,
        "single precision",
    ),
    "previous event": (_stale, CauseKind.STALE, "previous event of customer_id"),
    "computed at midnight": (_midnight, CauseKind.STALE, "last midnight"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_named(world: World, tmp_path: Path, name: str) -> None:
    plant, kind, words = PLANTED[name]
    columns = plant(world)
    broken = world.with_served(**columns)
    names = [one for one in columns if not broken.served[one].equals(world.served[one])]
    for one in found(broken, tmp_path, *names):
        assert (one.cause.kind, one.cause.explained) == (kind, pytest.approx(1.0)), one.cause
        assert words in one.cause.explanation


@pytest.mark.parametrize(
    ("over", "words"), [("8d", "one day longer"), ("6d", "one day shorter"), ("169h", "one hour l")]
)
def test_a_window_off_by_one_unit_is_named(
    world: World, tmp_path: Path, over: str, words: str
) -> None:
    changed = {**FEATURES, "windows": [{**FEATURES["windows"][0], "over": [over]}]}
    served = features_as(world, tmp_path, changed)
    names = [f"customer_id_amount_{aggregate}" for aggregate in ("count", "sum", "mean")]
    broken = world.with_served(**{f"{name}_7d": served[f"{name}_{over}"] for name in names})
    for one in found(broken, tmp_path, *(f"{name}_7d" for name in names)):
        assert one.cause.kind is CauseKind.WINDOW_EDGE
        assert words in one.cause.explanation
        assert one.cause.explained == 1.0


def test_a_fault_of_some_rows_since_some_time_is_dated(world: World, tmp_path: Path) -> None:
    amounts, half = world.column("amount"), len(world.served) // 2
    hit = np.arange(len(amounts)) >= half
    hit &= np.random.default_rng(5).random(len(amounts)) < 0.3
    (one,) = found(
        world.with_served(amount=np.where(hit, amounts * 100, amounts)), tmp_path, "amount"
    )
    assert one.differing == hit.sum()
    first = np.flatnonzero(hit)[0]
    assert one.since.timestamp() * 1e6 == world.served["_time"][int(first)].as_py()
    assert [row.request_id for row in one.first] == [
        world.served["_id"][int(place)].as_py() for place in np.flatnonzero(hit)[:5]
    ]
    assert one.cause.kind is CauseKind.UNIT


def test_noise_has_no_known_cause(world: World, tmp_path: Path) -> None:
    noise = world.column("amount") + np.random.default_rng(1).normal(size=len(world.served))
    (one,) = found(world.with_served(amount=noise), tmp_path, "amount")
    assert one.cause.kind is CauseKind.OTHER
    assert one.cause.explained < 0.5


def test_few_differing_rows_do_not_alert(world: World, tmp_path: Path) -> None:
    amounts = world.column("amount")
    amounts[0] += 1
    report = detected(world.with_served(amount=amounts), tmp_path, share=0.01).report
    assert [one.differing for one in report.features if one.feature == "amount"] == [1]
    assert not report.alert
