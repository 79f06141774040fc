"""What a backend refuses is said in words, with what to do, and without secrets."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path

import pytest

from phasegate.errors import BadInput, Unavailable
from phasegate.kubeflow.answers import Exists, error_of
from phasegate.kubeflow.api import Kubeflow, connect
from tests.kubeflow.fake import FakeKubeflow
from tests.kubeflow.tls import tls_in_front_of


def test_401_says_which_means_was_used_and_what_to_do(
    fake: FakeKubeflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.require(token="right")
    with pytest.raises(BadInput, match="does not accept no credentials") as nobody:
        connect(fake.url).pipelines.get("a")
    assert "KFP_COOKIE_FILE" in str(nobody.value)
    token = tmp_path / "token"
    token.write_text("wrong", encoding="ascii")
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(token))
    kubeflow = connect(fake.url)
    with pytest.raises(BadInput, match="the ServiceAccount token in ") as refused:
        kubeflow.pipelines.get("a")
    assert "wrong" not in str(refused.value)
    token.write_text("right\n", encoding="ascii")  # the kubelet has renewed it
    assert kubeflow.pipelines.get("a") is None


def test_403_names_the_role_to_ask_for(fake: FakeKubeflow, kubeflow: Kubeflow) -> None:
    fake.fail("GET", "/runs", status=403, times=None)
    with pytest.raises(BadInput, match="not allowed to no credentials") as refused:
        list(kubeflow.runs.list())
    assert "kubeflow-edit" in str(refused.value)
    assert len([one for one in fake.requests if one.path.endswith("/runs")]) == 1  # no retry


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ('pipeline upload denied: permission to create pipelines in "ada" is required', "role"),
        ("Pipeline upload authentication failed. Authenticate the client", "renew it"),
        ("Invalid input error: unknown template format", "refuses this"),
    ],
)
def test_uploads_say_400_for_all_and_are_understood(said: str, word: str) -> None:
    body = json.dumps({"error_message": said, "error_details": said}).encode()
    found = error_of(400, None, body, where="version a", means="no credentials")
    assert isinstance(found, BadInput)
    assert word in str(found).lower()


def test_a_certificate_is_trusted_by_a_file_or_not_at_all(
    fake: FakeKubeflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with tls_in_front_of(fake.url, tmp_path) as (address, certificate):
        began = time.monotonic()
        with pytest.raises(BadInput, match="SSL_CERT_FILE"):
            connect(address).pipelines.get("a")
        assert time.monotonic() - began < 5  # it is not asked again
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert connect(address).pipelines.get("a") is None


def test_a_sign_in_page_is_not_taken_for_an_answer(fake: FakeKubeflow, kubeflow: Kubeflow) -> None:
    fake.fail("GET", "/pipelines/a", html=True)
    with pytest.raises(BadInput, match="sign-in page"):
        kubeflow.pipelines.get("a")
    fake.fail("GET", "/pipelines/a", status=302, html=True)
    with pytest.raises(BadInput, match="sign-in page"):
        kubeflow.pipelines.get("a")


def test_409_is_an_error_of_its_own(kubeflow: Kubeflow) -> None:
    kubeflow.experiments.create("a")
    with pytest.raises(Exists, match="experiment a"):
        kubeflow.experiments.create("a")


def test_nothing_secret_is_logged(
    fake: FakeKubeflow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    secret = "s3cr3t-session"
    cookie = tmp_path / "cookie"
    cookie.write_text(f"session={secret}", encoding="ascii")
    monkeypatch.setenv("KFP_COOKIE_FILE", str(cookie))
    fake.require(cookie=secret)
    kubeflow = connect(fake.url, retry_seconds=0.2)
    with caplog.at_level(logging.DEBUG):
        assert kubeflow.pipelines.get("a") is None
        fake.require(cookie="another")
        with pytest.raises(BadInput) as refused:
            kubeflow.pipelines.get("a")
        with fake.down(), pytest.raises(Unavailable) as failed:
            kubeflow.pipelines.get("a")
    said = capfd.readouterr()
    for text in (caplog.text, said.out, said.err, str(refused.value), str(failed.value)):
        assert secret not in text
    assert fake.requests[0].headers["cookie"] == f"session={secret}"


@pytest.mark.parametrize("endpoint", ["", "ftp://a", "http://", "http://a?token=b", "http://a:b@c"])
def test_an_address_that_is_none_is_refused(endpoint: str) -> None:
    with pytest.raises(BadInput) as refused:
        connect(endpoint)
    assert "a:b" not in str(refused.value)
    assert "token=b" not in str(refused.value)
