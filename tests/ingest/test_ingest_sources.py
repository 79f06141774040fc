from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from phasegate.errors import BadInput, Unavailable
from phasegate.network import free_port
from phasegate.store.bucket import Bucket
from tests.ingest.conftest import CSV, Run
from tests.store.emulator import storage_emulator

BUCKET = "phasegate-sources"


def _ids(snapshot: object) -> list[int]:
    return [i for part in snapshot.local_parts() for i in pq.read_table(part)["id"].to_pylist()]


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def test_a_list_of_sources_keeps_its_order_and_takes_no_file_twice(
    tmp_path: Path, run: Run
) -> None:
    for number in range(3):
        pq.write_table(pa.table({"id": [number]}), tmp_path / f"{number}.parquet")
    sources = [str(tmp_path / "2.parquet"), str(tmp_path / "*.parquet")]
    assert _ids(run(sources)) == [2, 0, 1]


def test_a_dvc_pointer_leads_to_the_file_beside_it_or_in_the_cache(
    tmp_path: Path, run: Run
) -> None:
    data = tmp_path / "events.csv"
    data.write_text(CSV)
    md5 = _md5(data)
    pointer = tmp_path / "events.csv.dvc"
    pointer.write_text(
        f"outs:\n- md5: {md5}\n  size: {len(CSV)}\n  hash: md5\n  path: events.csv\n"
    )
    beside = run(str(pointer))
    cached = tmp_path / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]
    cached.parent.mkdir(parents=True)
    data.rename(cached)
    assert run(str(pointer)).digest == beside.digest

    cached.write_text(CSV + "4,2026-01-03 00:00:00,1,1,x,0\n")
    with pytest.raises(BadInput, match=f"events.csv.dvc says {md5}"):
        run(str(pointer))
    cached.unlink()
    with pytest.raises(BadInput, match=r"dvc pull"):
        run(str(pointer))


def test_a_dvc_pointer_to_a_folder_leads_to_its_files(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "events"
    folder.mkdir()
    entries = []
    for number in (1, 0):
        path = folder / f"{number}.parquet"
        pq.write_table(pa.table({"id": [number]}), path)
        entries.append({"md5": _md5(path), "relpath": path.name})
    listing = json.dumps(entries).encode()
    md5 = hashlib.md5(listing).hexdigest() + ".dir"
    cached = tmp_path / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]
    cached.parent.mkdir(parents=True)
    cached.write_bytes(listing)
    (tmp_path / "events.dvc").write_text(f"outs:\n- {{md5: {md5}, path: events}}\n")
    assert _ids(run(str(tmp_path / "events.dvc"))) == [0, 1]


def test_what_is_no_dvc_pointer_is_refused(tmp_path: Path, run: Run) -> None:
    (tmp_path / "x.dvc").write_text("outs: 7\n")
    with pytest.raises(BadInput, match=r"not a .dvc pointer"):
        run(str(tmp_path / "x.dvc"))


def test_a_delta_table_is_read_at_the_version_asked_for(tmp_path: Path, run: Run) -> None:
    table = str(tmp_path / "table")
    write_deltalake(table, pa.table({"id": [1, 2]}))
    write_deltalake(table, pa.table({"id": [3]}), mode="append")
    write_deltalake(table, pa.table({"id": [9]}), mode="overwrite")
    assert _ids(run(table)) == [9]
    assert sorted(_ids(run(table, delta_version=1))) == [1, 2, 3]
    assert _ids(run(table, format="delta", delta_version=0)) == [1, 2]
    with pytest.raises(BadInput, match=r"version 7.*from 0 to 2"):
        run(table, delta_version=7)


def test_delta_tables_whose_files_are_not_their_rows_are_refused(tmp_path: Path, run: Run) -> None:
    partitioned = str(tmp_path / "partitioned")
    write_deltalake(partitioned, pa.table({"id": [1], "day": ["a"]}), partition_by=["day"])
    with pytest.raises(BadInput, match=r"partitioned by day"):
        run(partitioned)

    table = tmp_path / "deleted"
    write_deltalake(str(table), pa.table({"id": [1, 2]}))
    log = table / "_delta_log" / "00000000000000000000.json"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        if "protocol" in line:
            features = ["deletionVectors"]
            line["protocol"] = {
                "minReaderVersion": 3,
                "minWriterVersion": 7,
                "readerFeatures": features,
                "writerFeatures": features,
            }
        if "add" in line:
            line["add"]["deletionVector"] = {
                "storageType": "i",
                "pathOrInlineDv": "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L",
                "sizeInBytes": 44,
                "cardinality": 1,
            }
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(BadInput, match=r"deletion vectors"):
        run(str(table))


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    with storage_emulator(BUCKET) as address:
        yield address


@pytest.fixture
def bucket(emulator: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bucket:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator)
    monkeypatch.setenv("PHASEGATE_RETRY_SECONDS", "5")
    monkeypatch.setenv("PHASEGATE_CACHE", str(tmp_path / "cache"))
    return Bucket(BUCKET)


def _upload(bucket: Bucket, folder: Path, prefix: str) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            bucket.create(f"{prefix}/{path.relative_to(folder)}", path)


def test_objects_of_a_bucket_give_the_snapshot_of_the_same_local_files(
    tmp_path: Path, run: Run, bucket: Bucket
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(3):
        pq.write_table(pa.table({"id": [number]}), folder / f"{number}.parquet")
    _upload(bucket, folder, "events")
    local = run(str(folder)).digest
    assert run(f"gs://{BUCKET}/events").digest == local
    assert run(f"gs://{BUCKET}/events/*.parquet").digest == local
    assert _ids(run(f"gs://{BUCKET}/events/1.parquet")) == [1]


@pytest.mark.usefixtures("bucket")
def test_a_snapshot_in_a_bucket_is_the_same_and_is_read_through_a_cache(run: Run) -> None:
    local = run(CSV, time="event_time")
    remote = run(CSV, time="event_time", store=f"gs://{BUCKET}/store")
    assert remote.digest == local.digest
    (part,) = remote.local_parts()
    assert part.read_bytes() == local.local_parts()[0].read_bytes()

    part.write_bytes(b"x" * part.stat().st_size)
    assert remote.local_parts()[0].read_bytes() == local.local_parts()[0].read_bytes()


def test_a_delta_table_in_a_bucket_is_read_at_a_version(
    tmp_path: Path, run: Run, bucket: Bucket
) -> None:
    write_deltalake(str(tmp_path / "table"), pa.table({"id": [1]}))
    write_deltalake(str(tmp_path / "table"), pa.table({"id": [2]}), mode="overwrite")
    _upload(bucket, tmp_path / "table", "table")
    uri = f"gs://{BUCKET}/table"
    assert _ids(run(uri, format="delta")) == [2]
    assert _ids(run(uri, format="delta", delta_version=0)) == [1]


@pytest.mark.usefixtures("bucket")
def test_a_source_bucket_without_the_objects_is_refused(run: Run) -> None:
    with pytest.raises(BadInput, match=r"no object is there"):
        run(f"gs://{BUCKET}/nothing")


def test_an_unreachable_source_ends_clearly(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("PHASEGATE_RETRY_SECONDS", "1")
    with pytest.raises(Unavailable, match=r"did not answer"):
        run("gs://bucket/events")
    assert not (tmp_path / "snapshot").exists()
