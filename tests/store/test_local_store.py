from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from phasegate.errors import BadInput
from phasegate.store import open_store
from phasegate.store.workspace import workspace


def _file(folder: Path, content: bytes) -> tuple[Path, str]:
    path = folder / "given"
    path.write_bytes(content)
    return path, hashlib.sha256(content).hexdigest()


def test_an_object_is_stored_once_read_only_and_given_back(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    path, digest = _file(tmp_path, b"events" * 1000)
    store.put_file(path, digest)
    stored = store.local_path(digest)
    before = stored.stat()
    store.put_file(path, digest)

    assert store.has(digest)
    assert stored.stat().st_ino == before.st_ino
    assert before.st_mode & 0o222 == 0
    assert store.fetch(digest, tmp_path / "out").read_bytes() == path.read_bytes()
    assert not any((tmp_path / "store" / "tmp").iterdir())


def test_a_change_of_the_source_does_not_reach_the_object(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    path, digest = _file(tmp_path, b"before")
    store.put_file(path, digest)
    path.write_bytes(b"after!")
    assert store.local_path(digest).read_bytes() == b"before"


def test_a_moved_file_is_gone_from_where_it_was(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    with store.workspace() as folder:
        path, digest = _file(folder, b"made here")
        store.put_file(path, digest, move=True)
        assert not path.exists()
    assert store.local_path(digest).read_bytes() == b"made here"


def test_a_damaged_object_is_named_and_nothing_is_left_behind(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    path, digest = _file(tmp_path, b"genuine")
    store.put_file(path, digest)
    stored = store.local_path(digest)
    stored.chmod(0o644)
    stored.write_bytes(b"swapped")
    with pytest.raises(BadInput, match=f"part {digest} is damaged"):
        store.fetch(digest, tmp_path / "out")
    assert not any((tmp_path / "out").iterdir())


def test_an_object_of_another_size_is_replaced_when_it_is_put_again(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    path, digest = _file(tmp_path, b"whole object")
    store.put_file(path, digest)
    stored = store.local_path(digest)
    stored.chmod(0o644)
    stored.write_bytes(b"torn")
    store.put_file(path, digest)
    assert store.local_path(digest).read_bytes() == b"whole object"


def test_a_missing_object_is_named(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    with pytest.raises(BadInput, match=r"is not in the store"):
        store.fetch("0" * 64, tmp_path / "out")


@pytest.mark.parametrize("digest", ["../../etc/passwd", "ABC", "0" * 63, "g" * 64])
def test_what_is_not_a_digest_never_becomes_a_path(tmp_path: Path, digest: str) -> None:
    with pytest.raises(BadInput, match=r"not a digest"):
        open_store(str(tmp_path)).has(digest)


def test_writers_that_race_for_one_object_leave_it_whole(tmp_path: Path) -> None:
    path, digest = _file(tmp_path, os.urandom(1 << 20))
    failures: list[BaseException] = []

    def write() -> None:
        try:
            open_store(str(tmp_path / "store")).put_file(path, digest)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    store = open_store(str(tmp_path / "store"))
    assert store.fetch(digest, tmp_path / "out").stat().st_size == 1 << 20


def test_what_a_killed_writer_left_is_swept_and_what_a_live_one_uses_is_kept(
    tmp_path: Path,
) -> None:
    program = (
        "import sys, signal; from phasegate.store import open_store\n"
        "with open_store(sys.argv[1]).workspace() as folder:\n"
        "    (folder / 'half').write_bytes(b'x' * 1000)\n"
        "    print('ready', flush=True); signal.pause()\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout.readline() == "ready\n"
    temporary = tmp_path / "tmp"
    open_store(str(tmp_path))
    assert len(list(temporary.iterdir())) == 1

    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    with workspace(temporary) as ours:
        open_store(str(tmp_path))
        assert list(temporary.iterdir()) == [ours]


def test_no_room_says_how_much_is_needed_and_removes_what_was_written(tmp_path: Path) -> None:
    path, digest = _file(tmp_path, b"x" * 300_000)
    program = (
        "import resource, sys; from pathlib import Path; from phasegate.store import open_store\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "from phasegate.errors import BadInput\n"
        "try: open_store(sys.argv[1]).put_file(Path(sys.argv[2]), sys.argv[3])\n"
        "except BadInput as error: print(error)\n"
    )
    store = tmp_path / "store"
    result = subprocess.run(
        [sys.executable, "-c", program, str(store), str(path), digest],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "no room for 300,000 bytes" in result.stdout
    assert not any((store / "tmp").iterdir())
    assert not open_store(str(store)).has(digest)


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(BadInput, match=r"'ftp' is not a kind of store"):
        open_store("ftp://host/store")
