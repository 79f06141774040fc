"""A real API server with its etcd, on loopback, for the time of a test run.

There are no nodes and no controllers: objects are checked, kept and watched as on any cluster, and
whatever a controller would do is the test's.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import secrets
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

import urllib3

from phasegate.network import free_port
from tests.kubernetes.client import Client

_START_SECONDS = 120
_STOP_SECONDS = 20
_PR_SET_PDEATHSIG = 1
_BINARIES = ("etcd", "kube-apiserver")


def binaries() -> Path | None:
    """The folder of ``KUBEBUILDER_ASSETS`` when both binaries are in it."""
    named = os.environ.get("KUBEBUILDER_ASSETS", "")
    folder = Path(named)
    return folder if named and all((folder / one).exists() for one in _BINARIES) else None


class ApiServer:
    """The server, ready within the ``with`` body.

    Args:
        folder: for its data, logs and credentials.
        assets: folder of ``etcd`` and ``kube-apiserver``.

    Attributes:
        kubeconfig: file of an administrator's credentials.
        started_in: seconds from start to ready.
    """

    def __init__(self, folder: Path, assets: Path) -> None:
        self._folder, self._assets = folder, assets
        self._processes: list[subprocess.Popen[bytes]] = []
        self.kubeconfig = folder / "kubeconfig"
        self.started_in = 0.0

    def __enter__(self) -> Self:
        """Start both and wait until the API says that it is ready.

        Raises:
            AssertionError: it does not; with the end of its log.
        """
        started = time.monotonic()
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            port = self._start()
            self._await_ready(port, started + _START_SECONDS)
        except BaseException:
            self.stop()
            raise
        self.started_in = time.monotonic() - started
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End both, the API first."""
        for process in reversed(self._processes):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(_STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self._processes.clear()

    @property
    def client(self) -> Client:
        """Plain requests by the administrator."""
        return Client.of(self.kubeconfig)

    def _start(self) -> int:
        store, peer, port = free_port(), free_port(), free_port()
        token = secrets.token_hex(16)
        tokens = self._folder / "tokens.csv"
        tokens.write_text(f"{token},admin,admin,system:masters\n", encoding="ascii")
        tokens.chmod(0o600)
        key = self._folder / "service_accounts.key"
        key.write_bytes(_private_key())
        key.chmod(0o600)
        address = f"http://127.0.0.1:{store}"
        self._run(
            "etcd",
            f"--data-dir={self._folder / 'etcd'}",
            f"--listen-client-urls={address}",
            f"--advertise-client-urls={address}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
            "--unsafe-no-fsync",  # a test's data need not survive a power cut
        )
        self._run(
            "kube-apiserver",
            f"--etcd-servers={address}",
            f"--cert-dir={self._folder / 'certificates'}",  # makes its own
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            f"--token-auth-file={tokens}",
            "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount",  # no controller makes default accounts
        )
        self._write_kubeconfig(port, token)
        return port

    def _run(self, binary: str, *options: str) -> None:
        with (self._folder / f"{binary}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [self._assets / binary, *options],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,  # noqa: PLW1509 - no thread runs yet
                )
            )

    def _write_kubeconfig(self, port: int, token: str) -> None:
        cluster = {
            "server": f"https://127.0.0.1:{port}",
            "certificate-authority": str(self._folder / "certificates" / "apiserver.crt"),
        }
        value = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
            "current-context": "test",
        }
        self.kubeconfig.write_text(json.dumps(value), encoding="utf-8")
        self.kubeconfig.chmod(0o600)

    def _await_ready(self, port: int, deadline: float) -> None:
        pool = urllib3.PoolManager(cert_reqs="CERT_NONE", assert_hostname=False)
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        while True:
            for process in self._processes:
                assert process.poll() is None, self._last_lines()
            try:
                url = f"https://127.0.0.1:{port}/readyz"
                if pool.request("GET", url, timeout=2, retries=False).status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                pass
            assert time.monotonic() < deadline, self._last_lines()
            time.sleep(0.1)

    def _last_lines(self) -> str:
        logs = [self._folder / f"{one}.log" for one in _BINARIES]
        texts = [one.read_text(errors="replace")[-2000:] for one in logs if one.exists()]
        return "the API server does not start:\n" + "\n".join(texts)


def _die_with_parent() -> None:
    """Ask the kernel to end this process when the test run is killed (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _private_key() -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
