from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from phasegate.errors import BadInput, Unavailable
from phasegate.network import free_port
from phasegate.store import object_name, open_store
from phasegate.store.bucket import Bucket
from tests.store.emulator import storage_emulator

BUCKET = "phasegate-tests"


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    with storage_emulator(BUCKET) as address:
        yield address


@pytest.fixture
def store(emulator: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator)
    monkeypatch.setenv("PHASEGATE_RETRY_SECONDS", "5")
    return f"gs://{BUCKET}/{request.node.name}"


def _file(folder: Path, content: bytes) -> tuple[Path, str]:
    path = folder / "given"
    path.write_bytes(content)
    return path, hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("size", [0, 1000, (9 << 20) + 7])
def test_an_object_comes_back_as_it_went(store: str, tmp_path: Path, size: int) -> None:
    path, digest = _file(tmp_path, os.urandom(size))
    opened = open_store(store)
    assert not opened.has(digest)
    opened.put_file(path, digest)
    opened.put_file(path, digest)
    assert opened.has(digest)
    assert opened.local_path(digest) is None
    assert opened.fetch(digest, tmp_path / "out").read_bytes() == path.read_bytes()


def test_a_download_goes_on_where_it_was_broken_off(store: str, tmp_path: Path) -> None:
    content = os.urandom(100_000)
    path, digest = _file(tmp_path, content)
    opened = open_store(store)
    opened.put_file(path, digest)
    bucket = Bucket(BUCKET)
    found = bucket.find(f"{store.removeprefix(f'gs://{BUCKET}/')}/{object_name(digest)}")
    partial = tmp_path / "partial"
    partial.write_bytes(content[:60_001])
    bucket.download(found, partial)
    assert partial.read_bytes() == content

    partial.write_bytes(b"?" + content[1:60_001])
    with pytest.raises(BadInput, match=r"checksum"):
        bucket.download(found, partial)
    assert not partial.exists()


def test_a_damaged_object_is_named_and_nothing_is_left_behind(store: str, tmp_path: Path) -> None:
    _, digest = _file(tmp_path, b"genuine")
    other, _ = _file(tmp_path, b"swapped")
    opened = open_store(store)
    Bucket(BUCKET).create(f"{store.removeprefix(f'gs://{BUCKET}/')}/{object_name(digest)}", other)
    with pytest.raises(BadInput, match=f"part {digest} is damaged"):
        opened.fetch(digest, tmp_path / "out")
    assert not any((tmp_path / "out").iterdir())


def test_a_missing_object_is_named(store: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"is not in the store"):
        open_store(store).fetch("0" * 64, tmp_path / "out")


@pytest.mark.usefixtures("store")
def test_a_missing_bucket_is_refused(tmp_path: Path) -> None:
    path, digest = _file(tmp_path, b"events")
    with pytest.raises(BadInput, match=r"no such bucket"):
        open_store("gs://nobody-made-this/store").put_file(path, digest)


def test_an_unreachable_bucket_ends_clearly_in_bounded_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("PHASEGATE_RETRY_SECONDS", "1")
    with pytest.raises(Unavailable, match=r"did not answer within 1 s") as caught:
        open_store("gs://bucket/store").has("0" * 64)
    assert "gs://bucket" in str(caught.value)


class _BreakingProxy(threading.Thread):
    """Forwards HTTP to the emulator; breaks each of the first connections after some bytes."""

    def __init__(self, target: str, breaks: int, after: int) -> None:
        super().__init__(daemon=True)
        host, port = target.removeprefix("http://").split(":")
        self._target, self._after = (host, int(port)), after
        self.breaks = breaks
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            threading.Thread(target=self._copy, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._copy, args=(server, client, True), daemon=True).start()

    def stop(self) -> None:
        self._listener.close()

    def _copy(self, source: socket.socket, sink: socket.socket, breakable: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 14):
                sink.sendall(data)
                passed += len(data)
                if breakable and passed > self._after and self.breaks:
                    self.breaks -= 1
                    break
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def test_a_download_survives_broken_connections(
    store: str, emulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, digest = _file(tmp_path, os.urandom(2 << 20))
    open_store(store).put_file(path, digest)
    proxy = _BreakingProxy(emulator, breaks=3, after=300_000)
    proxy.start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.address)
    try:
        fetched = open_store(store).fetch(digest, tmp_path / "out")
    finally:
        proxy.stop()
    assert fetched.read_bytes() == path.read_bytes()
    assert proxy.breaks == 0
