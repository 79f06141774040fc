from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phasegate.errors import BadInput
from phasegate.snapshots import Snapshot
from phasegate.store.copying import hash_file
from tests.ingest.conftest import NOW, Run


def _write(path: Path, rows: int = 10, start: int = 0, **options: object) -> Path:
    table = pa.table(
        {
            "id": pa.array(range(start, start + rows), pa.int64()),
            "t": pa.array(
                [datetime(2026, 1, 1, 0, 0, i % 60) for i in range(rows)], "timestamp[us]"
            ),
            "c": pa.array([f"v{i % 3}" for i in range(rows)]),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **options)
    return path


def test_files_are_kept_byte_for_byte_in_name_order(tmp_path: Path, run: Run) -> None:
    files = [_write(tmp_path / "in" / f"{i}.parquet", start=10 * i) for i in (2, 0, 1)]
    snapshot = run(str(tmp_path / "in"), time="t")
    parts = snapshot.local_parts()
    assert [part.read_bytes() for part in parts] == [f.read_bytes() for f in sorted(files)]
    assert snapshot.rows == 30
    assert snapshot.time_range[1] == "2026-01-01T00:00:09.000000Z"
    assert Snapshot.open(tmp_path / "snapshot", str(tmp_path / "store")).digest == snapshot.digest


def test_the_digest_is_that_of_the_manifest_file(tmp_path: Path, run: Run) -> None:
    snapshot = run(str(_write(tmp_path / "a.parquet")))
    manifest = (tmp_path / "snapshot" / "manifest.json").read_bytes()
    assert snapshot.digest == hashlib.sha256(manifest).hexdigest()


def test_known_parts_are_stored_once(tmp_path: Path, run: Run) -> None:
    _write(tmp_path / "in" / "a.parquet")
    run(str(tmp_path / "in"))
    _write(tmp_path / "in" / "b.parquet", start=10)
    (tmp_path / "in" / "c.parquet").write_bytes((tmp_path / "in" / "a.parquet").read_bytes())
    snapshot = run(str(tmp_path / "in"))
    assert len(snapshot.manifest["parts"]) == 3
    stored = [p.name for p in (tmp_path / "store" / "objects").rglob("*") if p.is_file()]
    parts = {part["digest"] for part in snapshot.manifest["parts"]}
    assert len(parts) == 2
    assert len(stored) == len(parts) + 2  # and the manifests of both snapshots
    assert parts | {snapshot.digest} < set(stored)


@pytest.mark.parametrize(
    "options",
    [
        {"write_statistics": False},
        {"use_deprecated_int96_timestamps": True},
        {"coerce_timestamps": "ms"},
        {"version": "2.6"},
        {"version": "1.0"},
    ],
)
def test_the_time_range_does_not_depend_on_the_writer(
    tmp_path: Path, run: Run, options: dict
) -> None:
    snapshot = run(str(_write(tmp_path / "a.parquet", **options)), time="t")
    assert snapshot.time_range == ("2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:09.000000Z")


def test_mixed_schemas_are_refused_with_column_and_file(tmp_path: Path, run: Run) -> None:
    _write(tmp_path / "a.parquet")
    pq.write_table(pa.table({"id": [1.5], "t": [NOW], "c": ["x"]}), tmp_path / "b.parquet")
    with pytest.raises(BadInput, match=r"b.parquet: mixed schema: column 'id' is double.*int64"):
        run(str(tmp_path / "*.parquet"))


@pytest.mark.parametrize("keep", [0, 3, 100, -1])
def test_a_truncated_file_is_named(tmp_path: Path, run: Run, keep: int) -> None:
    _write(tmp_path / "a.parquet")
    path = _write(tmp_path / "b.parquet")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BadInput, match=r"b.parquet: .*(empty|not Parquet|truncated)"):
        run(str(tmp_path / "*.parquet"))
    assert not (tmp_path / "snapshot").exists()


def test_a_row_without_time_is_named(tmp_path: Path, run: Run) -> None:
    times = pa.array([datetime(2026, 1, 1), None], "timestamp[us]")
    pq.write_table(pa.table({"t": times}), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match=r"no value in row 2"):
        run(str(tmp_path / "a.parquet"), time="t")


def test_a_time_column_of_text_is_refused(tmp_path: Path, run: Run) -> None:
    pq.write_table(pa.table({"t": ["2026-01-01"]}), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match=r"holds string, not times"):
        run(str(tmp_path / "a.parquet"), time="t")


def test_a_damaged_part_is_detected_when_the_snapshot_is_read(tmp_path: Path, run: Run) -> None:
    snapshot = run(str(_write(tmp_path / "a.parquet")))
    (part,) = snapshot.local_parts()
    part.chmod(0o644)
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    with pytest.raises(BadInput, match=f"part {part.name} is damaged"):
        snapshot.local_parts()


def test_a_manifest_edited_by_hand_is_refused(tmp_path: Path, run: Run) -> None:
    run(str(_write(tmp_path / "a.parquet")))
    path = tmp_path / "snapshot" / "manifest.json"
    path.write_text(path.read_text().replace(",", ", "))
    with pytest.raises(BadInput, match=r"edited by hand"):
        Snapshot.open(tmp_path / "snapshot", str(tmp_path / "store"))


def test_csv_and_parquet_are_not_mixed(tmp_path: Path, run: Run) -> None:
    _write(tmp_path / "in" / "a.parquet")
    (tmp_path / "in" / "b.csv").write_text("id\n1\n")
    with pytest.raises(BadInput, match=r"mixed"):
        run(str(tmp_path / "in"))


@pytest.mark.parametrize("source", ["nothing.parquet", "*.nothing", "s3://bucket/x", []])
def test_a_source_that_is_not_there_is_refused(tmp_path: Path, run: Run, source: object) -> None:
    with pytest.raises(BadInput):
        run(source if not isinstance(source, str) or ":" in source else str(tmp_path / source))


def test_a_file_that_changes_while_it_is_read_is_refused_and_not_stored(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hash_then_change(path: Path) -> str:
        digest = hash_file(path)
        with open(path, "ab") as file:
            file.write(b"more")
        return digest

    monkeypatch.setattr("components.ingest.ingest.hash_file", hash_then_change)
    with pytest.raises(BadInput, match=r"changed while it was read"):
        run(str(_write(tmp_path / "a.parquet")))
    assert not (tmp_path / "snapshot").exists()
    assert not (tmp_path / "store" / "objects").exists()


def test_a_killed_ingest_leaves_no_snapshot_and_runs_again(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "in"
    for number in range(4):
        _write(folder / f"{number}.parquet", start=number)
    # Stops for good once the first part is stored, in the middle of the work.
    program = (
        "import os, sys, signal; from datetime import datetime; from pathlib import Path\n"
        "from components.ingest.ingest import ingest\n"
        "from phasegate.store.local import LocalStore\n"
        "put = LocalStore._publish\n"
        "def stop(self, file, target):\n"
        "    put(self, file, target); os.write(1, b'stored\\n'); signal.pause()\n"
        "LocalStore._publish = stop\n"
        "ingest({'source': sys.argv[1]}, sys.argv[2], Path(sys.argv[3]),"
        " now=datetime(2026, 2, 1), threads=1)\n"
    )
    arguments = [str(folder), str(tmp_path / "store"), str(tmp_path / "snapshot")]
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout.readline() == "stored\n"
        finally:
            process.kill()
    assert not (tmp_path / "snapshot").exists()
    assert any((tmp_path / "store" / "tmp").iterdir())

    snapshot = run(str(folder))
    assert snapshot.rows == 40
    assert len(snapshot.local_parts()) == 4
    assert not any((tmp_path / "store" / "tmp").iterdir())
