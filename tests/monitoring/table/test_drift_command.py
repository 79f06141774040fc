"""`phasegate drift`: any table, in order, against its own first rows."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from phasegate.cli.__main__ import main
from phasegate.cli.console import err

DAYS, DAY, OPENS = 120, 48, 80 * 48


def market(noise: int = 1) -> pa.Table:
    """Half-hourly prices; another market is closed, and its columns constant, until it opens."""
    chance, rows = np.random.default_rng(noise), DAYS * DAY
    hour = np.arange(rows) % DAY / DAY
    demand = 0.5 + 0.2 * np.sin(2 * np.pi * hour) + chance.normal(0, 0.03, rows)
    is_open = np.arange(rows) >= OPENS
    return pa.table(
        {
            "period": hour.round(6),
            "price": (0.1 * demand + chance.normal(0, 0.01, rows)).round(6),
            "demand": demand.round(6),
            "other_price": np.where(is_open, chance.gamma(2, 0.002, rows), 0.003467).round(6),
            "transfer": np.where(is_open, chance.normal(0.5, 0.1, rows), 0.414912).round(6),
            "class": np.where(chance.random(rows) < demand, "UP", "DOWN"),
        }
    )


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the command line in this process: exit code, standard output and error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        told = io.StringIO()
        monkeypatch.setattr("sys.argv", ["phasegate", *map(str, arguments)])
        monkeypatch.setattr(err, "file", told)
        code = main()
        return code, capsys.readouterr().out, told.getvalue()

    return run


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_market_that_opens_is_reported_within_a_day_and_never_before(
    run, tmp_path: Path, kind: str
) -> None:
    path, page = tmp_path / f"market.{kind}", tmp_path / "drift.html"
    (pa.csv.write_csv if kind == "csv" else pq.write_table)(market(), path)
    code, said, _ = run("drift", path, "--window", DAY, "-o", page, "--json")
    assert code == 1
    found = json.loads(said)
    opened = [one for one in found["episodes"] if one["column"] in ("other_price", "transfer")]
    assert min(one["first_row"] for one in opened) == OPENS + 1
    for name in ("other_price", "transfer"):
        first = next(one for one in found["first"] if (one["column"], one["channel"]) == (
            name, "no longer constant"))  # fmt: skip
        assert OPENS < first["reported_by_row"] <= OPENS + DAY
    # A month of 30 windows may have one false alarm; these are 80 drift-free days, 24 of reference.
    assert sum(one["windows"] for one in found["episodes"] if one["last_row"] <= OPENS) <= 4
    html = page.read_text()
    assert html.startswith("<!doctype html>")
    assert "transfer is no longer constant" in html


def test_rows_out_of_order_are_sorted_by_their_time(run, tmp_path: Path) -> None:
    table = market().append_column("at", pa.array(np.arange(DAYS * DAY) * 1_800).cast(
        pa.timestamp("s")))  # fmt: skip
    shuffled = table.take(pa.array(np.random.default_rng(2).permutation(len(table))))
    for kind, write in (("csv", pa.csv.write_csv), ("parquet", pq.write_table)):
        for name, rows in (("ordered", table), ("shuffled", shuffled)):
            write(rows, tmp_path / f"{name}.{kind}")
        said = [
            run("drift", tmp_path / f"{name}.{kind}", "--window", DAY, "--time", "at", "--json")[1]
            for name in ("ordered", "shuffled")
        ]
        assert said[0] == said[1]


def test_words_in_a_column_of_numbers_are_told(run, tmp_path: Path) -> None:
    texts = market()["demand"].cast(pa.string()).to_pylist()
    texts[-10] = "n/a"
    path = tmp_path / "words.csv"
    pa.csv.write_csv(pa.table({"demand": texts, "class": market()["class"]}), path)
    code, _, told = run("drift", path, "--window", DAY)
    assert code == 1
    assert "demand is infinite in 0 rows, no number in 1" in told
    code, _, told = run("drift", path, "--window", DAY, "--missing", "n/a")
    assert "no number" not in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["absent.csv"], "absent.csv"),
        (["empty.csv"], "empty.csv"),
        (["small.csv"], "are no two windows of 1,000"),
        (["small.csv", "--window", 2, "--reference", "many"], "'many' is no number of rows"),
        (["small.csv", "--window", 2, "--reference", "99"], "leave none to look at"),
        (["small.csv", "--window", 2, "--time", "when"], "no column 'when' to sort by"),
        (["small.csv", "--window", 2, "--time", "b"], "9 rows have no time in column 'b'"),
        (["small.csv", "--window", 2, "--exclude", "c"], "no column 'c'"),
        (["small.csv", "--window", 2, "-o", "nowhere/x.html"], "report cannot be written"),
        (["broken.parquet"], "broken.parquet"),
    ],
)  # fmt: skip
def test_bad_input_is_said_in_a_line(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.csv").touch()
    Path("broken.parquet").write_bytes(b"PAR1 nothing PAR1")
    Path("small.csv").write_text("a,b\n" + "".join(f"{at},w\n" for at in range(9)) + "9,3\n" * 11)
    code, _, told = run("drift", *arguments)
    assert code == 2
    assert said in told
    assert "Traceback" not in told
