"""Validation as a whole, with TFDV and Beam as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from phasegate.store import object_name
from tests.validate.conftest import MadeSnapshot, MakeSnapshot, executor_input

ROWS = 600
DATA = {"time": "at", "key": "id", "label": {"column": "fraud", "positive": 1}}
CURATED = """
feature { name: "amount" type: FLOAT presence { min_fraction: 1 } }
feature { name: "shop" type: BYTES }
feature { name: "promised" type: INT presence { min_fraction: 1 } }
"""


def payments(seed: int = 0, **replaced: Any) -> pa.Table:
    """Payments whose amounts have a long tail, with some columns replaced, added or (None) gone."""
    random = np.random.default_rng(seed)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    columns = {
        "id": pa.array([f"{seed}-{row}" for row in range(ROWS)]),
        "at": pa.array([start + timedelta(minutes=row) for row in range(ROWS)]),
        "amount": pa.array(random.lognormal(3, 2, ROWS)),
        "shop": pa.array(random.choice(["food", "fuel", "games"], ROWS, p=[0.6, 0.3, 0.1])),
        "score": pa.array(random.normal(0, 1, ROWS), mask=random.random(ROWS) < 0.2),
        "fraud": pa.array((random.random(ROWS) < 0.1).astype(np.int64)),
        **replaced,
    }
    return pa.table({name: column for name, column in columns.items() if column is not None})


def every_type() -> pa.Table:
    """Columns of each kind of type that Parquet has, beside the payments."""
    days = [date(2024, 1, 1) + timedelta(days=row % 31) for row in range(ROWS)]
    return payments(
        truth=pa.array([row % 3 == 0 for row in range(ROWS)]),
        day=pa.array(days),
        price=pa.array([Decimal(row) / 4 for row in range(ROWS)], pa.decimal128(10, 2)),
        coded=pa.array(["a", "b", "b"] * (ROWS // 3)).dictionary_encode(),
        small=pa.array([row % 7 for row in range(ROWS)], pa.uint8()),
        empty=pa.nulls(ROWS),
        half=pa.array([float("nan") if row % 2 else 1.0 + row for row in range(ROWS)]),
        items=pa.array([[row] for row in range(ROWS)]),
    )


@pytest.fixture(scope="session")
def base(make_snapshot: MakeSnapshot) -> MadeSnapshot:
    return make_snapshot(payments().slice(0, 350), payments().slice(350))


@pytest.fixture(scope="session")
def answers(
    make_snapshot: MakeSnapshot,
    base: MadeSnapshot,
    run_with_tfdv: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """All cases below, answered by one process."""
    schemas = tmp_path_factory.mktemp("schemas")
    (schemas / "curated.pbtxt").write_text(CURATED)
    (schemas / "broken.pbtxt").write_text("feature { nonsense }")
    random = np.random.default_rng(5)
    unseen = pa.array(["food", "casino"] * (ROWS // 2))
    sparse = pa.array(random.normal(0, 1, ROWS), mask=random.random(ROWS) < 0.6)
    damaged = make_snapshot(payments(seed=9))
    part = Path(damaged.snapshot.uri) / object_name(damaged.snapshot.manifest["parts"][0]["digest"])
    part.write_bytes(part.read_bytes()[:-1] + b"?")

    against = {"reference": base.digest}
    shifted = payments(seed=1, amount=pa.array(random.lognormal(6, 2, ROWS)))
    cases = {
        "clean": (base, DATA, {}),
        "clean again": (base, DATA, {}),
        "no drift": (make_snapshot(payments(seed=1)), DATA, against),
        "shifted": (make_snapshot(shifted), DATA, against),
        "skewed": (make_snapshot(shifted), DATA, {"serving": base.digest}),
        "both": (make_snapshot(shifted), DATA, {**against, "serving": base.digest}),
        "no skew": (make_snapshot(payments(seed=1)), DATA, {"serving": base.digest}),
        "unseen": (make_snapshot(payments(seed=2, shop=unseen)), DATA, against),
        "unseen, allowed": (
            make_snapshot(payments(seed=2, shop=unseen)),
            DATA,
            {
                **against,
                "allow": ["shop: ENUM_TYPE_UNEXPECTED_STRING_VALUES", "*: COMPARATOR_L_INFTY_HIGH"],
            },
        ),
        "sparse": (make_snapshot(payments(seed=3, score=sparse)), DATA, against),
        "dropped": (make_snapshot(payments(seed=4, score=None)), DATA, against),
        "added": (make_snapshot(payments(seed=5, extra=unseen)), DATA, against),
        "every type": (
            make_snapshot(every_type()),
            {**DATA, "exclude": ["items"]},
            {"allow": ["empty: ALL_MISSING"]},
        ),
        "placeholder": (
            make_snapshot(payments(shop=pa.array(["?", "food"] * (ROWS // 2)))),
            DATA,
            {},
        ),
        "curated": (base, DATA, {"schema": str(schemas / "curated.pbtxt")}),
        "broken schema": (base, DATA, {"schema": str(schemas / "broken.pbtxt")}),
        "no schema": (base, DATA, {"schema": str(schemas / "absent.pbtxt")}),
        "no reference": (base, DATA, {"reference": "0" * 64}),
        "damaged": (damaged, DATA, {}),
    }
    document = {
        name: {
            "folder": str(made.folder),
            "store": made.snapshot.uri,
            "data": data,
            "validation": policy,
        }
        for name, (made, data, policy) in cases.items()
    }
    process = run_with_tfdv("tests.validate.many", text=json.dumps(document))
    assert process.returncode == 0, process.stderr[-3000:]
    return json.loads(process.stdout.splitlines()[-1])


def kinds(answer: dict[str, Any]) -> dict[str, str]:
    """Severity of each anomaly, by its name."""
    return {f"{a['column']}: {a['kind']}": a["severity"] for a in answer["report"]["anomalies"]}


def column(answer: dict[str, Any], name: str) -> dict[str, Any]:
    return next(item for item in answer["report"]["columns"] if item["name"] == name)


def test_clean_data_pass_without_a_finding(answers: dict[str, Any]) -> None:
    assert answers["clean"]["outcome"] == "PASS"
    assert kinds(answers["clean"]) == {}


def test_statistics_of_several_parts_are_exact_where_they_can_be(answers: dict[str, Any]) -> None:
    table = payments()
    amount = column(answers["clean"], "amount")
    values = table["amount"].to_numpy()
    assert amount["min"] == values.min()
    assert amount["max"] == values.max()
    assert amount["mean"] == pytest.approx(values.mean())
    assert sum(amount["histogram"]["counts"]) == pytest.approx(ROWS)
    assert column(answers["clean"], "score")["missing"] == table["score"].null_count
    shops = {item["value"]: item["rows"] for item in column(answers["clean"], "shop")["top"]}
    counted = table["shop"].value_counts().to_pylist()
    assert shops == {item["values"]: item["counts"] for item in counted}


def test_the_same_snapshot_gives_the_same_statistics_schema_and_report(
    answers: dict[str, Any],
) -> None:
    assert answers["clean"] == answers["clean again"]


def test_another_sample_of_the_same_distribution_is_no_drift(answers: dict[str, Any]) -> None:
    assert answers["no drift"]["outcome"] == "PASS", answers["no drift"]["reasons"]


def test_a_shifted_column_blocks_and_only_that_one(answers: dict[str, Any]) -> None:
    assert kinds(answers["shifted"]) == {
        "amount: COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH": "block"
    }
    (reason,) = answers["shifted"]["reasons"]
    assert "Column amount is distributed differently than in the reference" in reason


def test_a_column_that_is_served_differently_blocks_as_skew(answers: dict[str, Any]) -> None:
    assert answers["no skew"]["outcome"] == "PASS", answers["no skew"]["reasons"]
    assert kinds(answers["skewed"]) == {
        "amount: COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH": "block"
    }
    (reason,) = answers["skewed"]["reasons"]
    assert "Column amount is distributed differently than in the serving data" in reason
    assert len(answers["both"]["reasons"]) == 2


def test_a_category_never_seen_is_named(answers: dict[str, Any]) -> None:
    assert kinds(answers["unseen"])["shop: ENUM_TYPE_UNEXPECTED_STRING_VALUES"] == "block"
    assert any("casino" in reason for reason in answers["unseen"]["reasons"])


def test_what_the_project_allows_is_reported_and_passes(answers: dict[str, Any]) -> None:
    answer = answers["unseen, allowed"]
    assert answer["outcome"] == "PASS", answer["reasons"]
    assert kinds(answer)["shop: ENUM_TYPE_UNEXPECTED_STRING_VALUES"] == "warning"


def test_a_column_that_is_missing_more_often_than_before_blocks(answers: dict[str, Any]) -> None:
    assert kinds(answers["sparse"]) == {"score: FEATURE_TYPE_LOW_FRACTION_PRESENT": "block"}


def test_a_dropped_column_blocks(answers: dict[str, Any]) -> None:
    assert kinds(answers["dropped"])["score: SCHEMA_MISSING_COLUMN"] == "block"


def test_a_new_column_only_warns(answers: dict[str, Any]) -> None:
    assert kinds(answers["added"]) == {"extra: SCHEMA_NEW_COLUMN": "warning"}
    assert answers["added"]["outcome"] == "PASS"


def test_every_type_is_described_deliberately(answers: dict[str, Any]) -> None:
    answer = answers["every type"]
    assert answer["outcome"] == "PASS", answer["reasons"]
    assert kinds(answer) == {"empty: ALL_MISSING": "warning", "half: NOT_A_NUMBER": "warning"}
    assert column(answer, "truth")["top"][0] == {"value": "false", "rows": 400}
    assert column(answer, "day")["min"] == "2024-01-01"
    assert column(answer, "at")["min"] == "2025-01-01T00:00:00+00:00"
    assert column(answer, "price")["max"] == (ROWS - 1) / 4
    assert column(answer, "coded")["unique"] == 2
    assert column(answer, "half")["missing"] == ROWS // 2
    assert "histogram" not in column(answer, "items")


def test_a_placeholder_for_missing_values_is_pointed_out(answers: dict[str, Any]) -> None:
    assert kinds(answers["placeholder"]) == {"shop: PLACEHOLDER": "warning"}


def test_the_label_is_not_expected_when_serving(answers: dict[str, Any]) -> None:
    schema = answers["clean"]["schema"]
    assert schema.count('not_in_environment: "SERVING"') == 1
    assert 'default_environment: "TRAINING"' in schema


def test_a_curated_schema_decides(answers: dict[str, Any]) -> None:
    answer = answers["curated"]
    assert answer["origin"] == "curated"
    assert answer["outcome"] == "BLOCK"
    assert kinds(answer)["promised: SCHEMA_MISSING_COLUMN"] == "block"


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("broken schema", "this is not a TFDV schema"),
        ("no schema", "the schema cannot be read"),
        ("no reference", "has no such snapshot"),
        ("damaged", "digest"),
    ],
)
def test_bad_input_is_one_clear_message(answers: dict[str, Any], case: str, said: str) -> None:
    assert said in answers[case]["error"]


def test_the_entrypoint_writes_every_artifact_and_blocks(
    make_snapshot: MakeSnapshot, run_with_tfdv: Callable[..., Any], tmp_path: Path
) -> None:
    made = make_snapshot(payments(fraud=pa.array([0] * ROWS)))
    arguments = executor_input(made, tmp_path, DATA, {})
    process = run_with_tfdv("components.validate", "--executor-input", arguments)
    assert process.returncode == 0, process.stderr
    written = json.loads((tmp_path / "output.json").read_text())
    assert written["parameterValues"] == {"outcome": "BLOCK"}
    assert set(written["artifacts"]) == {"statistics", "schema", "report", "verdict", "page"}
    verdict = json.loads((tmp_path / "verdict" / "verdict.json").read_text())
    assert [check["name"] for check in verdict["checks"] if check["outcome"] == "BLOCK"] == [
        "fraud: LABEL_SINGLE_CLASS"
    ]
    page = (tmp_path / "page").read_text()
    assert "single value" in page
    assert "http" not in page.replace("http-equiv", "")
    # Progress is all that a good run says.
    noise = [line for line in process.stderr.splitlines() if not line.startswith("::progress")]
    assert not noise
