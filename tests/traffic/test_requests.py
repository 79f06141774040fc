"""What becomes of one request: its id, its role, its path, its size; on a real Envoy."""

from __future__ import annotations

import json
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest

from phasegate.traffic.headers import CLOUD_EVENT_ID, ENTITY, REQUEST_ID, ROLE
from phasegate.traffic.plan import TrafficPlan
from tests.traffic.conftest import Proxy
from tests.traffic.load import INFER, send
from tests.traffic.upstream import Upstream


@pytest.fixture
def proxy(plan: TrafficPlan, start: Callable[[TrafficPlan], Proxy]) -> Proxy:
    """Everything is the challenger's."""
    return start(plan.with_weight(10_000))


def test_a_request_without_an_id_gets_one_and_the_client_is_told(
    proxy: Proxy, challenger: Upstream
) -> None:
    told = send(proxy.address).headers[REQUEST_ID]
    assert uuid.UUID(told).version == 4
    (request,) = challenger.received
    assert request.header(REQUEST_ID) == request.header(CLOUD_EVENT_ID) == told


@pytest.mark.parametrize("name", ["order-7", "08de241e-c88d-409b-997e-7991a112207e", "x" * 5000])
def test_a_request_keeps_the_id_that_it_came_with(
    name: str, proxy: Proxy, challenger: Upstream
) -> None:
    answer = send(proxy.address, {REQUEST_ID: name, CLOUD_EVENT_ID: "another"})
    (request,) = challenger.received
    assert answer.headers[REQUEST_ID] == name
    assert request.header(REQUEST_ID) == request.header(CLOUD_EVENT_ID) == name


def test_nobody_can_claim_a_role(proxy: Proxy, challenger: Upstream) -> None:
    answer = send(proxy.address, {ROLE: "champion"})
    assert challenger.roles() == {"challenger": 1}
    assert answer.role == "challenger"


@pytest.mark.parametrize("behaviour", ["error", "refuse", "garbage", "reset"])
def test_a_second_attempt_is_the_champions_and_says_so(
    behaviour: str, proxy: Proxy, champion: Upstream, challenger: Upstream
) -> None:
    challenger.behaviour = behaviour
    answer = send(proxy.address, {REQUEST_ID: "order-7"})
    assert (answer.status, answer.by, answer.role) == (200, champion.name, "champion")
    assert champion.roles() == {"champion": 1}
    assert challenger.roles() == {"challenger": 1}
    assert champion.received[0].header(REQUEST_ID) == "order-7"


def test_a_champion_may_take_longer_than_a_challenger(
    plan: TrafficPlan, champion: Upstream, challenger: Upstream, start: Callable[..., Proxy]
) -> None:
    proxy = start(replace(plan, weight=10_000, challenger_seconds=0.1))
    challenger.behaviour, champion.delay = "hang", 0.5
    answer = send(proxy.address)
    assert (answer.status, answer.by) == (200, champion.name)
    assert 0.55 <= answer.seconds < 1
    proxy.target.apply(replace(plan, mirror=1, challenger_seconds=0.1))
    assert send(proxy.address).status == 200
    assert champion.roles() == {"champion": 2}  # the slow one was not sent twice


def test_what_the_champion_refuses_too_is_refused(
    proxy: Proxy, champion: Upstream, challenger: Upstream
) -> None:
    champion.behaviour = challenger.behaviour = "refuse"
    answer = send(proxy.address)
    assert (answer.status, answer.by) == (400, champion.name)
    assert len(champion.received) == len(challenger.received) == 1


def test_a_large_body_reaches_the_second_attempt_whole(
    proxy: Proxy, champion: Upstream, challenger: Upstream
) -> None:
    challenger.behaviour = "error"
    answer = send(proxy.address, body=b"x" * (8 << 20))
    assert (answer.status, answer.by, answer.bytes) == (200, champion.name, 8 << 20)


def test_a_body_of_more_than_8_mib_is_refused(proxy: Proxy, challenger: Upstream) -> None:
    assert send(proxy.address, body=b"x" * ((8 << 20) + 1)).status == 413
    assert not challenger.received


@pytest.mark.parametrize(
    ("path", "arrives"),
    [
        ("/v1/models/fraud:predict", "/v1/models/fraud:predict"),
        ("/v2/models/fraud/infer?trace=1", "/v2/models/fraud/infer?trace=1"),
        ("/v2//models/./fraud/infer", "/v2/models/fraud/infer"),
        ("/v2/models/other/../fraud/infer", "/v2/models/fraud/infer"),
    ],
)
def test_paths_of_the_model_are_carried_in_their_plain_form(
    path: str, arrives: str, proxy: Proxy, challenger: Upstream
) -> None:
    assert send(proxy.address, path=path).status == 200
    assert [request.path for request in challenger.received] == [arrives]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v2/models/fraudulent/infer", 404),
        ("/v2/repository/index", 404),
        ("/stats", 404),
        ("/v2/models/fraud%2Finfer", 400),
    ],
)
def test_other_paths_reach_nobody(
    path: str, status: int, proxy: Proxy, challenger: Upstream
) -> None:
    assert send(proxy.address, path=path).status == status
    assert not challenger.received


@pytest.mark.parametrize(
    "header",
    [
        b"x-request-id: a\x00b",
        b"x-request-id: a\x01b",
        b"x-request-id: " + b"x" * (17 << 10),
        b"\r\n".join(b"x-%d: 1" % number for number in range(120)),
        b"no header",
    ],
)
def test_malformed_headers_reach_nobody(header: bytes, proxy: Proxy, challenger: Upstream) -> None:
    status = raw(proxy, header)
    assert status in (400, 431)
    assert not challenger.received
    assert send(proxy.address).status == 200


@pytest.mark.parametrize(
    "header",
    ["x-envoy-upstream-rq-timeout-ms", "x-envoy-upstream-rq-per-try-timeout-ms"],
)
def test_a_client_cannot_shorten_the_time_that_an_answer_may_take(
    header: str, proxy: Proxy, challenger: Upstream
) -> None:
    challenger.delay = 0.1
    answer = send(proxy.address, {header: "1"})
    assert (answer.status, answer.by) == (200, challenger.name)


def test_an_answer_says_nothing_about_the_software_behind_it(proxy: Proxy) -> None:
    names = set(send(proxy.address).headers)
    assert names == {"content-length", "date", REQUEST_ID, ROLE}


def test_the_access_log_names_the_request_and_not_the_person(
    plan: TrafficPlan, start: Callable[[TrafficPlan], Proxy], challenger: Upstream
) -> None:
    proxy = start(plan.with_weight(10_000))
    challenger.behaviour = "error"
    send(proxy.address, {REQUEST_ID: "order-7", ENTITY: "alice"}, path=f"{INFER}?card=1234")
    proxy.process.stop()
    (line,) = (proxy.folder / "access.jsonl").read_text().splitlines()
    entry = json.loads(line)
    assert entry["request_id"] == "order-7"
    assert (entry["status"], entry["role"], entry["attempts"]) == (200, "champion", 2)
    assert entry["path"] == INFER
    assert entry["milliseconds"] >= 0
    assert "alice" not in line
    assert "1234" not in line


def test_a_body_that_does_not_come_does_not_reach_anybody(
    proxy: Proxy, challenger: Upstream
) -> None:
    with connection(proxy) as client:
        client.sendall(f"POST {INFER} HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{{".encode())
        time.sleep(0.1)
    assert not challenger.received


def raw(proxy: Proxy, header: bytes) -> int:
    """Status of the answer to a request with this header as it stands."""
    with connection(proxy) as client:
        client.sendall(
            b"POST %s HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n%s\r\n\r\n{}"
            % (INFER.encode(), header)
        )
        return int(client.makefile("rb").readline().split()[1])


def connection(proxy: Proxy) -> socket.socket:
    host, port = proxy.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)
