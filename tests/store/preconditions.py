"""A proxy before the storage emulator that holds what the emulator ignores: generations.

Uploads whose ``ifGenerationMatch`` is not the object's present generation get 412, and downloads
of a generation that was replaced get 404, as from the service. Answers can be lost on the way, and
what somebody has no right to is refused as the service refuses it.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

_UPLOAD = re.compile(r"/upload/storage/v1/b/([^/]+)/o")
_DOWNLOAD = re.compile(r"/download/storage/v1/b/([^/]+)/o/([^/]+)")
_READ = re.compile(r"(?:/download)?/storage/v1/b/([^/]+)/o/([^/]+)")
_LIST = re.compile(r"/storage/v1/b/([^/]+)/o/?")
Allowed = Callable[[str, str, str], bool]  # permission, bucket, name or prefix
_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length", "date", "server"}


@dataclass
class Preconditions:
    """A running proxy.

    Attributes:
        address: to be used as ``STORAGE_EMULATOR_HOST``.
        lose: how many of the next successful uploads get no answer.
        fail: how many of the next uploads are refused with 503, and not done.
        refused: how many uploads got 412.
        allowed: whether the caller has a permission; None where everything is allowed.
    """

    address: str = ""
    lose: int = 0
    fail: int = 0
    refused: int = 0
    allowed: Allowed | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def preconditions(emulator: str, allowed: Allowed | None = None) -> Iterator[Preconditions]:
    """A proxy before the emulator at an address, on any free port."""
    state = Preconditions(allowed=allowed)
    host = urlsplit(emulator).netloc

    class Handler(_Handler):
        proxy = state
        emulator = host

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Preconditions
    emulator: str

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        wanted = parse_qs(split.query).get("generation")
        found = _DOWNLOAD.fullmatch(split.path)
        if self._may_not_read(split.path, split.query):
            return
        # Replacing waits, so that what is checked is what is sent.
        with self.proxy.lock:
            if wanted and found and self._generation(*found.groups()) != int(wanted[0]):
                self._error(404, "No such object")
            else:
                self._answer(*self._forward(b""))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        split = urlsplit(self.path)
        wanted = parse_qs(split.query).get("ifGenerationMatch")
        found = _UPLOAD.fullmatch(split.path)
        if not wanted or not found:
            self._answer(*self._forward(body))
            return
        name = re.search(rb'"name":\s*("(?:[^"\\]|\\.)*")', body.split(b"\r\n--", 1)[0])
        with self.proxy.lock:
            if self.proxy.fail:
                self.proxy.fail -= 1
                self._error(503, "Backend Error")
                return
            present = self._generation(found[1], quote(json.loads(name[1]), safe=""))
            # Asked before the precondition: who may not delete is refused what is there for that.
            asked = ("create", "delete") if present else ("create",)
            if self._lacks(asked, found[1], json.loads(name[1])):
                return
            if present != int(wanted[0]):
                self.proxy.refused += 1
                self._error(412, "At least one of the pre-conditions you specified did not hold.")
                return
            answer = self._forward(body)
            if self.proxy.lose:
                self.proxy.lose -= 1
                self.close_connection = True
                return
        self._answer(*answer)

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def _may_not_read(self, path: str, query: str) -> bool:
        if self.proxy.allowed is None:
            return False
        if listed := _LIST.fullmatch(path):
            return self._lacks(("list",), listed[1], parse_qs(query).get("prefix", [""])[0])
        if read := _READ.fullmatch(path):
            there = self._generation(*read.groups())
            # That something is not there is told to those only who may list.
            return self._lacks(("get",) if there else ("get", "list"), read[1], unquote(read[2]))
        return self._lacks((path,), "", "")

    def _lacks(self, permissions: tuple[str, ...], bucket: str, name: str) -> bool:
        allowed = self.proxy.allowed
        for one in permissions:
            if allowed is not None and not allowed(f"storage.objects.{one}", bucket, name):
                self._error(403, f"Permission 'storage.objects.{one}' denied on {bucket}/{name}")
                return True
        return False

    def _generation(self, bucket: str, name: str) -> int:
        path = f"/storage/v1/b/{bucket}/o/{quote(unquote(name), safe='')}"
        status, _, content = self._send("GET", path, b"", {})
        return int(json.loads(content)["generation"]) if status == 200 else 0

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        return self._send(self.command, self.path, body, headers)

    def _send(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.emulator, timeout=30)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _error(self, status: int, message: str) -> None:
        content = json.dumps({"error": {"code": status, "message": message}}).encode()
        self._answer(status, [("Content-Type", "application/json")], content)
