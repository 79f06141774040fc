"""Looking at a table: what is found in it, and the project file proposed for it."""

import math
import random
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phasegate.errors import BadInput
from phasegate.project.draft import project_yaml
from phasegate.project.inspection import inspect_table
from phasegate.project.load import load_project
from phasegate.simulation import Simulation, write


@pytest.fixture(scope="module")
def transactions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transactions")
    write(Simulation(date(2026, 1, 1), 100, customers=300, terminals=60), folder)
    return folder


def census(rows=400):
    """A table like a census: markers for missing values, protected columns, a text label."""
    rng = random.Random(1)
    yield "age,workclass,sex,race,hours,country,income"
    for _ in range(rows):
        work = rng.choice(["Private", "Public", "?"])
        hours = rng.choice(["40", "38.5", "?"])
        income = ">50K" if rng.random() < 0.25 else "<=50K"
        sex, race = rng.choice(["Male", "Female"]), rng.choice(["A", "B", "C"])
        yield f"{rng.randint(17, 80)},{work},{sex},{race},{hours},Nowhere,{income}"


def written(path, lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def proposed(tmp_path, inspection, name="model", source="data.csv"):
    """The proposal, read back as any project file is."""
    path = tmp_path / "project.yaml"
    path.write_text(project_yaml(inspection, name, source), encoding="utf-8")
    return load_project(path).sections


def test_card_transactions_are_understood_without_a_word(transactions, tmp_path):
    sections = proposed(tmp_path, inspect_table([transactions]), source="data/*.parquet")
    data, features = sections["data"], sections["features"]
    assert (data["time"], data["key"]) == ("event_time", "transaction_id")
    assert data["entity"] == "customer_id"
    assert data["label"] == {"column": "is_fraud", "positive": 1, "delay": "7d"}
    assert data["exclude"] == ["label_time"]
    assert features["numeric"] == ["amount", "distance_km"]
    assert features["categorical"] == ["category", "channel", "country"]
    assert features["calendar"] == {"column": "event_time", "parts": ["hour", "weekday"]}


def test_windows_over_the_label_wait_for_the_label(transactions, tmp_path):
    windows = proposed(tmp_path, inspect_table([transactions]))["features"]["windows"]
    assert windows[0]["value"] == "amount"
    assert windows[0]["over"] == ["1d", "7d", "30d"]
    over_label = [window for window in windows if window["value"] == "is_fraud"]
    assert {window["entity"] for window in over_label} == {"customer_id", "terminal_id"}
    assert all(window["delay"] == "7d" for window in over_label)


def test_a_rare_label_gets_a_precision_gate(transactions, tmp_path):
    sections = proposed(tmp_path, inspect_table([transactions]))
    assert {"metric": "precision", "min": 0.8, "bound": "estimate"} in sections["evaluation"][
        "gates"
    ]
    assert sections["training"]["threshold"]["maximize"] == "recall"


def test_a_project_is_watched_by_what_its_label_allows(transactions, tmp_path):
    inspection = inspect_table([transactions])
    rules = proposed(tmp_path, inspection)["monitoring"]
    assert (rules["performance"]["metric"], rules["performance"]["floor"]) == ("precision", 0.8)
    assert rules["retraining"]["automatic"] is True
    assert "phasegate monitor run" in project_yaml(inspection, "model", "t.parquet")
    rows = [f"{n % 48 / 48:.4f};{n % 2}" for n in range(300)]
    balanced = inspect_table([written(tmp_path / "even.csv", ["period;class", *rows])])
    rules = proposed(tmp_path, balanced)["monitoring"]
    assert (rules["performance"]["metric"], rules["performance"]["floor"]) == ("accuracy", 0.62)


def test_missing_value_markers_are_found_and_do_not_turn_numbers_into_text(tmp_path):
    inspection = inspect_table([written(tmp_path / "census.csv", census())])
    sections = proposed(tmp_path, inspection)
    assert "?" in sections["data"]["csv"]["nulls"]
    assert sections["features"]["numeric"] == ["age", "hours"]
    assert inspection.column("hours").nulls > 0


def test_protected_columns_are_measured_and_gated_but_are_no_features(tmp_path):
    sections = proposed(tmp_path, inspect_table([written(tmp_path / "census.csv", census())]))
    assert sections["data"]["protected"] == ["sex", "race"]
    assert sections["data"]["label"]["column"] == "income"
    assert sections["data"]["label"]["positive"] == ">50K"
    assert not {"sex", "race"} & set(sections["features"]["categorical"])
    gated = {gate["by"] for gate in sections["evaluation"]["gates"] if "by" in gate}
    assert gated == {"sex", "race"}


def test_a_constant_column_is_excluded_with_its_reason(tmp_path):
    inspection = inspect_table([written(tmp_path / "census.csv", census())])
    assert inspection.roles.exclude == {"country": "always the same"}
    assert "# country: always the same." in project_yaml(inspection, "census", "census.csv")


def test_a_table_without_times_keeps_the_order_of_its_rows(tmp_path):
    rng = random.Random(2)
    lines = ["period;price;class"]
    lines += [f"{n % 48 / 48:.4f};{rng.random():.6f};{n % 2}" for n in range(300)]
    sections = proposed(tmp_path, inspect_table([written(tmp_path / "power.csv", lines)]))
    assert sections["data"]["csv"]["delimiter"] == ";"
    assert sections["data"]["time"] is None
    assert sections["data"]["label"] == {"column": "class", "positive": 1, "delay": "0d"}
    assert sections["features"]["windows"] == []


def test_a_column_that_equals_the_label_is_pointed_out(tmp_path):
    lines = [
        "x,answer,is_bad",
        *(f"{n * 7 % 13},{n % 3 == 0:d}.0,{n % 3 == 0:d}" for n in range(99)),
    ]
    inspection = inspect_table([written(tmp_path / "leak.csv", lines)])
    assert [name for name, _ in inspection.suspicious] == ["answer"]
    assert "all but equals the label" in project_yaml(inspection, "leak", "leak.csv")


def test_names_that_yaml_would_misread_survive(tmp_path):
    lines = ["no,1st: x,y", *(f"{n},{n * n % 17},{'yes' if n % 4 else 'no'}" for n in range(80))]
    sections = proposed(
        tmp_path, inspect_table([written(tmp_path / "odd.csv", lines)]), name="1 Odd_X"
    )
    assert sections["data"]["key"] == "no"
    assert sections["features"]["numeric"] == ["1st: x"]
    assert sections["data"]["label"]["positive"] is True


def test_labels_of_any_type_keep_their_value(tmp_path):
    rows = range(60)
    table = pa.table(
        {"x": [math.sin(n) for n in rows], "label": pa.array([n % 3 == 0 for n in rows])}
    )
    pq.write_table(table, tmp_path / "t.parquet")
    assert (
        proposed(tmp_path, inspect_table([tmp_path / "t.parquet"]))["data"]["label"]["positive"]
        is True
    )
    decimal = table.set_column(1, "label", table["label"].cast("int8").cast(pa.decimal128(4, 1)))
    pq.write_table(decimal, tmp_path / "d.parquet")
    assert (
        proposed(tmp_path, inspect_table([tmp_path / "d.parquet"]))["data"]["label"]["positive"]
        == 1
    )


def test_numbers_that_are_not_finite_and_names_of_sql_do_no_harm(tmp_path):
    values = [math.nan, math.inf, -math.inf, 1e300, *map(float, range(56))]
    table = pa.table({"value": values, 'co"unt': values, "rows": [n % 2 for n in range(60)]})
    pq.write_table(table, tmp_path / "t.parquet")
    sections = proposed(tmp_path, inspect_table([tmp_path / "t.parquet"]))
    assert sections["features"]["numeric"] == ["value", 'co"unt']
    assert sections["data"]["label"]["column"] == "rows"


def test_times_written_as_text_are_times(tmp_path):
    lines = ["when,amount,fraud"]
    lines += [
        f"2026-01-{1 + n // 24:02d}T{n % 24:02d}:00:00Z,{n}.5,{n % 9 == 0:d}" for n in range(240)
    ]
    sections = proposed(tmp_path, inspect_table([written(tmp_path / "t.csv", lines)]))
    assert sections["data"]["time"] == "when"


def test_the_user_may_name_the_label_and_the_time(transactions):
    roles = inspect_table([transactions], time="label_time").roles
    assert roles.time == "label_time"
    with pytest.raises(BadInput, match="there is no column 'fraud' for the label; expected one of"):
        inspect_table([transactions], label="fraud")
    with pytest.raises(BadInput, match="expected a label of two values"):
        inspect_table([transactions], label="customer_id")
    with pytest.raises(BadInput, match="expected a column of times or dates"):
        inspect_table([transactions], time="amount")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "is empty"),
        ("a.parquet", b"", "is empty"),
        ("a.parquet", b"no parquet", "is not a Parquet file"),
        ("a.parquet", b"PAR1" + b"x" * 99, "cannot be read as one table"),
        ("a.csv", b"a,b\n1,2\n", "no column has exactly two values"),
        ("a.csv", b"a,b\n", "the table has no rows"),
        ("a.csv", b"a,b\n1,\xe9\n", "is not UTF-8 at byte 6"),
        ("a.csv", b"a,b\n1,\xe2\x82", "is not UTF-8 at byte 6"),
        ("a.csv", b"a,b\n\0\0\0", "is not text: byte 4 is zero"),
        ("a.csv", b"once upon a time\nthere was no table\n", "no delimiter cuts its lines"),
        ("a.csv", b"a,b,a\n1,2,3\n", "the column 'a' is there twice"),
        ("a.csv", b"1,2,3\n4,5,6\n7,8,9\n", "values, not names of columns"),
        ("a.csv", b"a,b\n" + b"1,2\n" * 9 + b"1,2,3\n", "no delimiter cuts its lines"),
        ("a.csv", b"a,b\n" + b"1,2\n" * 99_999 + b"1\n", "as many fields as the header"),
        ("a.dvc", b"outs:\n", "is a DVC pointer"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        project_yaml(inspect_table([path]), "model", str(path))
    message = str(caught.value)
    assert said in message
    assert name in message
    assert "\n" not in message


def test_missing_files_folders_without_data_and_mixed_formats_are_refused(tmp_path):
    with pytest.raises(BadInput, match="there is no such file"):
        inspect_table([tmp_path / "none.csv"])
    with pytest.raises(BadInput, match="there is no data"):
        inspect_table([tmp_path])
    written(tmp_path / "a.csv", ["a,b", "1,2"])
    pq.write_table(pa.table({"a": [1]}), tmp_path / "b.parquet")
    with pytest.raises(BadInput, match="several formats"):
        inspect_table([tmp_path])
    written(tmp_path / "c.csv", ["a,c", "1,2"])
    with pytest.raises(BadInput, match="cannot be read as one table"):
        inspect_table([tmp_path / "*.csv"])
