"""gcp-storage-emulator as a process of its own, spoken to over HTTP by the real client."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from phasegate.network import free_port

_START_SECONDS = 60


@contextmanager
def storage_emulator(bucket: str, port: int = 0) -> Iterator[str]:
    """Address of an emulator that holds one empty bucket; on any free port unless one is given."""
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "gcp_storage_emulator", "start", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--in-memory", "--default-bucket", bucket]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ}
    )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(address):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the storage emulator did not start")
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}/", timeout=1).close()
    except OSError:
        return False
    return True
