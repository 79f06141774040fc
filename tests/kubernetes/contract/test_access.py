"""Refusals: no role, and a webhook that says no."""

from __future__ import annotations

import pytest

from tests.kubernetes.client import APPLY
from tests.kubernetes.contract.conftest import Api
from tests.kubernetes.contract.objects import ROUTES, static


@pytest.mark.parametrize("verb", ["get", "list", "patch", "delete"])
def test_a_user_without_a_role_is_told_what_is_missing(api: Api, verb: str) -> None:
    path = ROUTES.format(api.namespace) + ("" if verb == "list" else "/model")
    method = {"get": "GET", "list": "GET", "patch": "PATCH", "delete": "DELETE"}[verb]
    body = {} if verb == "patch" else None
    answer = api.nobody.ask(method, path, body, kind=APPLY, query={"fieldManager": "x"})
    named = "" if verb == "list" else ' "model"'
    assert (answer.status, answer.value["reason"]) == (403, "Forbidden")
    assert answer.value["message"] == (
        f"httproutes.gateway.networking.k8s.io{named} is forbidden: "
        f'User "nobody" cannot {verb} resource "httproutes" in API group '
        f'"gateway.networking.k8s.io" in the namespace "{api.namespace}"'
    )


def test_a_webhook_s_refusal_looks_like_a_missing_role(api: Api) -> None:
    api.refuse('InferenceService "slot" is invalid: canary\'s traffic is above 100')
    answer = api.client.apply(static(api.namespace), "phasegate")
    assert (answer.status, answer.value["reason"]) == (403, "Forbidden")
    assert answer.value["message"] == (
        'admission webhook "inferenceservice.kserve-webhook-server.validator" denied the request: '
        'InferenceService "slot" is invalid: canary\'s traffic is above 100'
    )
    assert api.client.get("InferenceService", api.namespace, "slot") is None
