from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.errors import BadInput, Unavailable
from phasegate.network import free_port
from phasegate.store import open_store
from phasegate.store.named import NamedFiles, check_name, open_named
from tests.store.emulator import storage_emulator

BUCKET = "phasegate-named"
NAME = "predictions/fraud/date=2026-01-31/model=0123456789ab/part.parquet"


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    with storage_emulator(BUCKET) as address:
        yield address


@pytest.fixture(params=["folder", "bucket"])
def uri(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "folder":
        return str(tmp_path / "store")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", request.getfixturevalue("emulator"))
    return f"gs://{BUCKET}/{tmp_path.name}"


@pytest.fixture
def files(uri: str) -> NamedFiles:
    return open_named(uri)


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "given"
    path.write_bytes(content)
    return path


def test_a_file_comes_back_under_its_name(files: NamedFiles, tmp_path: Path) -> None:
    content = os.urandom(100_000)
    assert files.create(NAME, _file(tmp_path, content))
    assert files.names() == [NAME]
    fetched = files.fetch(NAME, tmp_path / "out")
    assert fetched.name == "part.parquet"
    assert fetched.read_bytes() == content
    assert [path.name for path in fetched.parent.iterdir()] == ["part.parquet"]


def test_a_name_that_is_taken_keeps_what_it_has(files: NamedFiles, tmp_path: Path) -> None:
    assert files.create(NAME, _file(tmp_path, b"first"))
    assert not files.create(NAME, _file(tmp_path, b"second"))
    assert files.fetch(NAME, tmp_path / "out").read_bytes() == b"first"


def test_names_are_listed_by_prefix_in_order_and_without_the_stores_objects(
    files: NamedFiles, uri: str, tmp_path: Path
) -> None:
    given_names = ["a/date=2/x", "a/date=1/y", "a/date=1/x", "ab/z", "c"]
    for name in given_names:
        files.create(name, _file(tmp_path, name.encode()))
    digest = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
    open_store(uri).put_file(_file(tmp_path, b"foo"), digest)

    assert files.names() == sorted(given_names)
    assert files.names("a/") == ["a/date=1/x", "a/date=1/y", "a/date=2/x"]
    assert files.names("a/date=1") == ["a/date=1/x", "a/date=1/y"]
    assert files.names("a") == ["a/date=1/x", "a/date=1/y", "a/date=2/x", "ab/z"]
    assert files.names("nothing/here") == []


def test_a_missing_file_is_named(files: NamedFiles, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no file 'a/b' in the store"):
        files.fetch("a/b", tmp_path / "out")
    assert files.local_path("a/b") is None


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../up", "a/../b", "a//b", "a/", "./a", "a/.hidden", "a\nb", "a b", "tmp/a",
     "objects/sha256/aa/b", "a" * 201, "é", "/".join("a" * 17)],
)  # fmt: skip
def test_what_leaves_the_store_or_hides_in_it_is_no_name(
    files: NamedFiles, tmp_path: Path, name: str
) -> None:
    with pytest.raises(BadInput, match="cannot name a file"):
        files.create(name, _file(tmp_path, b"x"))
    with pytest.raises(BadInput, match="cannot name a file"):
        files.local_path(name)


@given(st.text(st.sampled_from("a.=/-_\\ \0"), max_size=12))
def test_a_name_that_is_accepted_stays_below_its_folder(name: str) -> None:
    try:
        check_name(name)
    except BadInput:
        return
    assert os.path.normpath(f"/store/{name}") == f"/store/{name}"


def test_a_stored_file_is_read_only_and_the_source_does_not_reach_it(tmp_path: Path) -> None:
    files = open_named(str(tmp_path / "store"))
    path = _file(tmp_path, b"before")
    files.create(NAME, path)
    path.write_bytes(b"after!")
    stored = files.local_path(NAME)
    assert stored.read_bytes() == b"before"
    assert stored.stat().st_mode & 0o222 == 0


def test_of_writers_that_race_for_one_name_one_wins(tmp_path: Path) -> None:
    contents = [bytes([number]) * 300_000 for number in range(8)]
    won: list[bytes] = []

    def write(content: bytes) -> None:
        path = tmp_path / f"given-{content[0]}"
        path.write_bytes(content)
        if open_named(str(tmp_path / "store")).create(NAME, path):
            won.append(content)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = open_named(str(tmp_path / "store")).local_path(NAME)
    assert won == [stored.read_bytes()]


def test_a_folder_that_cannot_be_made_and_an_unknown_scheme_are_refused(tmp_path: Path) -> None:
    _file(tmp_path, b"not a folder")
    with pytest.raises(BadInput, match="the store's folder cannot be made"):
        open_named(str(tmp_path / "given"))
    with pytest.raises(BadInput, match="'ftp' is not a kind of store"):
        open_named("ftp://host/store")


def test_an_unreachable_bucket_is_given_up_in_the_time_allowed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable, match=r"did not answer within 0\.5 s"):
        open_named("gs://bucket", retry_seconds=0.5).create("a", _file(tmp_path, b"x"))
