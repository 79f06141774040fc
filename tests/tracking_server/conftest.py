"""MLflow's server as the cluster runs it: from image `tracking`, over TLS, with its own options."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from phasegate.local.environments import environment
from phasegate.network import free_port
from phasegate.tracking.alive import problem

SERVER = Path(__file__).parents[2] / "infra/terraform/modules/tracking/server.tf"
_SECONDS = 120


@dataclass
class Authority:
    """Signs certificates, as cert-manager does.

    Attributes:
        folder: gets ca.crt.
    """

    folder: Path

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "phasegate")])
        self._name = name
        own = self._builder(name, self._key).add_extension(x509.BasicConstraints(True, None), True)
        self.certificate.write_bytes(_pem(own.sign(self._key, hashes.SHA256())))

    @property
    def certificate(self) -> Path:
        """What clients know a server by."""
        return self.folder / "ca.crt"

    def sign(self, folder: Path) -> None:
        """Write a new tls.crt and tls.key for localhost."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mlflow")])
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        leaf = self._builder(name, key).add_extension(x509.SubjectAlternativeName(names), False)
        (folder / "tls.crt").write_bytes(
            _pem(leaf.sign(self._key, hashes.SHA256())) + self.certificate.read_bytes()
        )
        (folder / "tls.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def _builder(self, name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=1))
            .not_valid_after(now + dt.timedelta(hours=1))
        )


@dataclass
class Pod:
    """What the pod has.

    Attributes:
        tls: folder of its certificate.
        artifacts: folder in place of the bucket.
        backend: address of its database.
        authority: who signed its certificate.
    """

    tls: Path
    artifacts: Path
    backend: str
    authority: Authority

    def start_schema(self) -> subprocess.Popen[str]:
        """Start the init container."""
        return subprocess.Popen(
            [tracking_python(), "-m", "phasegate.tracking.schema"],
            env=self._environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def schema(self) -> subprocess.CompletedProcess[str]:
        """Run the init container."""
        process = self.start_schema()
        said, errors = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, said, errors)

    @contextmanager
    def serving(self, log: Path) -> Iterator[int]:
        """The server, once its probe passes; its port."""
        port = free_port()
        command = [str(Path(tracking_python()).parent / "mlflow"), "server", *self._arguments(port)]
        with log.open("wb") as file:
            process = subprocess.Popen(
                command, env=self._environment(), stdout=file, stderr=file, cwd=self.artifacts
            )
        try:
            deadline = time.monotonic() + _SECONDS
            while found := problem(port, self.tls / "tls.crt"):
                said = f"{found}\n{log.read_text(errors='replace')[-3000:]}"
                assert process.poll() is None, said
                assert time.monotonic() < deadline, said
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()
            process.wait(_SECONDS)

    def _arguments(self, port: int) -> list[str]:
        replaced = {
            "${local.port}": str(port),
            "${var.artifacts}": str(self.artifacts),
            '${join(",", concat(local.hosts, ["localhost:*"]))}': "localhost:*",
            "/etc/mlflow/tls": str(self.tls),
            "--host=0.0.0.0": "--host=127.0.0.1",
        }
        return [_replace(one, replaced) for one in options_of_the_deployment()]

    def _environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
        return {
            **kept,
            "MLFLOW_BACKEND_STORE_URI": self.backend,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }


def options_of_the_deployment() -> list[str]:
    """Arguments of ``mlflow server`` as the Deployment has them."""
    text = SERVER.read_text(encoding="utf-8")
    (block,) = re.findall(
        r'command += \["mlflow", "server"\]\s+args = \[\n(.*?)\n +\]\n', text, re.DOTALL
    )
    return [line.strip().removesuffix(",")[1:-1] for line in block.splitlines()]


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    """A pod whose database is SQLite."""
    tls, artifacts = tmp_path / "tls", tmp_path / "artifacts"
    tls.mkdir()
    artifacts.mkdir()
    authority = Authority(tmp_path)
    authority.sign(tls)
    return Pod(tls, artifacts, f"sqlite:///{tmp_path / 'mlflow.db'}", authority)


def tracking_python() -> str:
    wanted = environment("tracking")
    if not wanted.is_current:
        pytest.skip("no environment tracking (python3.11 -m phasegate.local.environments tracking)")
    return str(wanted.python)


def _replace(text: str, replaced: Mapping[str, str]) -> str:
    for old, new in replaced.items():
        text = text.replace(old, new)
    assert "${" not in text, text
    return text


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
