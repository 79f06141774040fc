"""The API that a promise is held on: the fake always, a real one where `make test-cluster` asks."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.kubernetes import real
from tests.kubernetes.client import Client
from tests.kubernetes.contract.webhook import refusing_webhook
from tests.kubernetes.fake import FakeApi


@dataclass
class Api:
    """An API server and a namespace of the test's own.

    Attributes:
        client: an administrator.
        nobody: a user without any role.
        namespace: empty at the start.
        bare: whether the test's controllers may set statuses.
        refuse: makes a webhook refuse all writes of InferenceServices, with this message.
    """

    client: Client
    nobody: Client
    namespace: str
    bare: bool
    refuse: Callable[[str], None]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "api" in metafunc.fixturenames:
        apis = ["fake", "real"] if real.ASKED_FOR else ["fake"]
        metafunc.parametrize("api", apis, indirect=True)


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    with ExitStack() as stack:
        if request.param == "fake":
            fake = stack.enter_context(FakeApi.start())
            fake.namespace("contract")
            fake.forbid("*", "*", user="nobody")
            client = fake.client()

            def refuse(message: str) -> None:
                fake.webhook("InferenceService", lambda _new, _old: message)

            yield Api(client, fake.client("nobody"), "contract", True, refuse)
            return
        found = request.getfixturevalue("real_api")
        namespace = f"contract-{secrets.token_hex(4)}"
        client = found.client
        client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        stack.callback(client.delete, "Namespace", "", namespace)

        def refuse_for_real(message: str) -> None:
            if not found.bare:
                pytest.skip("a cluster elsewhere cannot reach a webhook on this machine")
            stack.enter_context(refusing_webhook(client, namespace, message))

        nobody = client.impersonating("nobody")
        yield Api(client, nobody, namespace, found.bare, refuse_for_real)
