"""The request that a model must have answered, on a real KServe process."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from phasegate.errors import Unavailable
from phasegate.models import Model
from phasegate.network import free_port
from phasegate.serving.process import ModelServerProcess
from phasegate.traffic.kserve.counts import Counted, PodPages, read_page
from phasegate.traffic.kserve.probing import ask
from phasegate.traffic.plan import Backend
from tests.serving.conftest import NAME, model, model_folder, server

__all__ = ["model", "model_folder", "server"]


@pytest.fixture
def backend(server: ModelServerProcess, model: Model) -> Backend:
    return Backend(model.digest[:12], urlsplit(server.address).netloc, NAME)


def test_a_model_that_answers_has_answered_as_a_shadow(backend: Backend) -> None:
    pages = PodPages(None, "")  # type: ignore[arg-type]
    place = (backend.host, backend.port)

    def shadows() -> int:
        page = pages._page(place)
        assert page is not None
        return read_page(page, NAME, backend.name).get("shadow", Counted()).requests

    before = shadows()
    ask(backend)
    assert shadows() == before + 1


def test_a_copy_from_a_gateway_counts_as_a_shadows_whatever_its_role_says(
    backend: Backend, server: ModelServerProcess
) -> None:
    place = (backend.host, backend.port)
    pages = PodPages(None, "")  # type: ignore[arg-type]
    before = read_page(pages._page(place) or "", NAME, backend.name)
    headers = {"Host": "card-fraud.example.org-shadow", "x-phasegate-role": "champion"}
    body = b'{"instances": [{"amount": 1.0, "mean_7d": 2.0, "category": "fuel"}]}'
    with server.client() as client:
        status, _ = client.send("POST", f"/v1/models/{NAME}:predict", body, headers)
    assert status == 200
    after = read_page(pages._page(place) or "", NAME, backend.name)
    assert after["shadow"].requests == before.get("shadow", Counted()).requests + 1
    assert after.get("champion") == before.get("champion")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "0123456789ab"}, r"at 127\.0\.0\.1:\d+: model \w{12} answers there; expected 01"),
        ({"model": "other"}, "does not answer .*does not serve 'other'"),
        ({"address": f"127.0.0.1:{free_port()}"}, "does not answer"),
    ],
)
def test_a_model_that_does_not_answer_says_why(
    backend: Backend, change: dict[str, str], message: str
) -> None:
    with pytest.raises(Unavailable, match=message):
        ask(replace(backend, **change))
