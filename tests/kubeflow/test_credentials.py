"""Means of showing who asks, each against a server that checks it."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from phasegate.errors import BadInput, Unavailable
from phasegate.kubeflow import credentials
from phasegate.kubeflow.api import connect
from phasegate.kubeflow.credentials import (
    Anonymous,
    CookieFile,
    IdentityAware,
    TokenFile,
    find_credentials,
)
from tests.kubeflow.fake import FakeKubeflow

CLIENT = "123.apps.example.com"
NETSCAPE = """\
# Netscape HTTP Cookie File
#HttpOnly_kubeflow.example.com\tFALSE\t/\tTRUE\t0\tauthservice_session\tone
kubeflow.example.com\tFALSE\t/\tTRUE\t0\tother\ttwo
"""


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _claims(token: str) -> dict[str, object]:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


class _Google(BaseHTTPRequestHandler):
    """The token endpoint: an identity token for whoever signs an assertion for an audience."""

    asked: list[str] = []

    def do_POST(self) -> None:
        body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        audience = _claims(body["assertion"][0])["target_audience"]
        self.asked.append(str(audience))
        claims = _part({"aud": audience, "exp": time.time() + 3600})
        token = f"{_part({'alg': 'none'})}.{claims}.{_part('signature')}"
        answer = json.dumps({"id_token": token}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Not logged."""


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Application default credentials of a service account; the audiences that were asked for."""
    server = HTTPServer(("127.0.0.1", 0), _Google)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = tmp_path / "account.json"
    file.write_text(
        json.dumps(
            {
                "type": "service_account",
                "client_email": "robot@example.com",
                "private_key": key.decode(),
                "private_key_id": "1",
                "token_uri": f"http://127.0.0.1:{server.server_port}/token",
            }
        ),
        encoding="utf-8",
    )
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    _Google.asked = []
    try:
        yield _Google.asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_iap_takes_an_identity_token_for_its_client_and_keeps_it(
    fake: FakeKubeflow, google: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IAP_CLIENT_ID", CLIENT)
    kubeflow = connect(fake.url)
    for _ in range(3):
        assert kubeflow.pipelines.get("a") is None
    assert google == [CLIENT]
    sent = {one.headers["authorization"] for one in fake.requests}
    assert [(one.split()[0], _claims(one)["aud"]) for one in sent] == [("Bearer", CLIENT)]


def test_iap_without_a_service_account_says_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "account.json"
    file.write_text('{"type": "authorized_user", "refresh_token": "s3cr3t"}', encoding="utf-8")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    with pytest.raises(BadInput, match="a service account") as refused:
        IdentityAware(CLIENT).headers()
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.usefixtures("google")
def test_iap_whose_token_endpoint_is_away_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = json.loads((tmp_path / "account.json").read_text())
    account["token_uri"] = "http://127.0.0.1:1/token"
    file = tmp_path / "other.json"
    file.write_text(json.dumps(account), encoding="utf-8")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    with pytest.raises(Unavailable):
        IdentityAware(CLIENT).headers()


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("authservice_session=one", "authservice_session=one"),
        ("Cookie: a=1; b=2\n", "a=1; b=2"),
        (NETSCAPE, "authservice_session=one; other=two"),
    ],
)
def test_a_session_cookie_comes_from_a_file(tmp_path: Path, text: str, sent: str) -> None:
    path = tmp_path / "cookie"
    path.write_text(text, encoding="ascii")
    assert CookieFile(path).headers() == {"Cookie": sent}


def test_a_file_that_is_not_there_or_empty_is_named(tmp_path: Path) -> None:
    path = tmp_path / "token"
    with pytest.raises(BadInput, match="KF_PIPELINES_SA_TOKEN_PATH"):
        TokenFile(path).headers()
    path.write_text("\n", encoding="ascii")
    with pytest.raises(BadInput, match="is empty"):
        TokenFile(path).headers()


def test_the_first_means_that_is_there_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"KFP_COOKIE_FILE": "c"}
    assert find_credentials({}) == Anonymous()
    assert find_credentials(variables) == CookieFile(Path("c"))
    variables |= {"IAP_CLIENT_ID": CLIENT}
    assert CLIENT in find_credentials(variables).means
    mounted = tmp_path / "token"
    mounted.write_text("a", encoding="ascii")
    monkeypatch.setattr(credentials, "MOUNTED_TOKEN", mounted)
    assert find_credentials(variables) == TokenFile(mounted)
    variables |= {"KF_PIPELINES_SA_TOKEN_PATH": "t"}
    assert find_credentials(variables) == TokenFile(Path("t"))
