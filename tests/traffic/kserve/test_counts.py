"""Counts from pods' metrics pages: since the pair began, and never backwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from phasegate.kubernetes.cluster import connect
from phasegate.serving.metrics import Metrics
from phasegate.traffic.kserve.counts import Counted, PodPages, Tally, read_page
from phasegate.traffic.plan import WHOLE, TrafficPlan
from tests.kubernetes.fake import FakeApi
from tests.traffic.kserve.conftest import Place
from tests.traffic.kserve.overlay import MODEL, NAMESPACE, model


class Unused:
    """A predictor's features, which count nothing here."""

    unlabelled = unrecorded = 0


def page(number: int, **roles: tuple[int, int, int]) -> str:
    """A predictor's own page: answered, refused and failed requests by role."""
    import numpy as np

    metrics = Metrics(MODEL, model(number).digest, Unused(), None)  # type: ignore[arg-type]
    for role, (answered, refused, failed) in roles.items():
        for _ in range(answered):
            metrics.answered(role, 0.001, np.array([0.5]))
        for _ in range(refused):
            metrics.failed(role, "bad_request")
        for _ in range(failed):
            metrics.failed(role, "internal")
    registry = CollectorRegistry()
    registry.register(metrics)
    return generate_latest(registry).decode()


def test_a_predictors_page_is_read_by_role() -> None:
    text = page(1, champion=(5, 2, 1), shadow=(3, 0, 0))
    assert read_page(text, MODEL, model(1).slot) == {
        "champion": Counted(requests=8, errors=1),
        "shadow": Counted(requests=3, errors=0),
    }
    assert read_page(text, MODEL, model(2).slot) == {}, "of another model"
    assert read_page(text, "other", model(1).slot) == {}


@pytest.mark.parametrize("text", ["", "<html>", "phasegate_requests_total{", "a{b=} 1\nc{} x"])
def test_a_page_that_is_none_counts_nothing(text: str) -> None:
    assert read_page(text, MODEL, model(1).slot) == {}


def counts(**pods: tuple[int, int]) -> dict[str, Counted]:
    return {pod: Counted(*both) for pod, both in pods.items()}


def test_counts_never_go_backwards() -> None:
    tally, role = Tally(), ("slot", "champion")
    tally.see(*role, counts(a=(100, 1), b=(50, 0)))
    assert tally.total(*role, {}) == Counted(150, 1)
    tally.see(*role, counts(a=(3, 0), b=(60, 0)))  # the container of a has restarted
    assert tally.total(*role, {}) == Counted(163, 1)
    tally.see(*role, counts(b=(70, 2)))  # a cannot be reached, or is gone
    assert tally.total(*role, {}) == Counted(173, 3)
    tally.see(*role, counts(a=(4, 0), c=(10, 0)))
    assert tally.total(*role, {}) == Counted(184, 3)


def test_counts_begin_where_the_pair_began() -> None:
    tally, role = Tally(), ("slot", "champion")
    tally.see(*role, counts(a=(100, 10), b=(50, 0)))
    base = tally.base(*role)
    assert tally.total(*role, base) == Counted(0, 0)
    tally.see(*role, counts(a=(107, 11), c=(5, 0)))
    assert tally.total(*role, base) == Counted(12, 1)
    other = Tally()  # another process, after a's container restarted
    other.see(*role, counts(a=(7, 0), b=(51, 0)))
    assert other.total(*role, base) == Counted(8, 0)


class Pod(ThreadingHTTPServer):
    """A pod's metrics port on loopback."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.text, self.status = "", 200


class _Page(BaseHTTPRequestHandler):
    server: Pod

    def do_GET(self) -> None:
        body = self.server.text.encode()
        self.send_response(self.server.status if self.path == "/metrics" else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def running() -> Iterator[Pod]:
    with Pod() as pod:
        thread = threading.Thread(target=pod.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield pod
        finally:
            pod.shutdown()
            thread.join()


def slices(service: str, *ports: int) -> list[dict[str, Any]]:
    """EndpointSlices of a Service, one for each port, since loopback has one address."""
    return [
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{service}-{number}",
                "namespace": NAMESPACE,
                "labels": {"kubernetes.io/service-name": service},
            },
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
            "endpoints": [
                {"addresses": ["127.0.0.1"], "conditions": {"ready": True},
                 "targetRef": {"kind": "Pod", "name": f"{service}-pod-{number}"}}
            ],
        }
        for number, port in enumerate(ports)
    ]  # fmt: skip


def test_pods_are_found_by_endpoint_slices_and_those_that_are_away_are_left_out(
    tmp_path: Path,
) -> None:
    with FakeApi.start() as api, running() as one, running() as broken, running() as gone:
        api.namespace(NAMESPACE)
        one.text, broken.status = "good", 503
        port = gone.server_address[1]
        gone.server_close()
        for value in slices("svc", one.server_address[1], broken.server_address[1], port):
            api.put(value)
        cluster = connect(api.kubeconfig(tmp_path / "kubeconfig"), retry_seconds=1)
        pages = PodPages(cluster, NAMESPACE)
        assert pages("svc") == {"svc-pod-0": "good"}
        assert pages("other") == {}
        api.forbid("list", "endpointslices")
        assert pages("svc") == {}, "who may not ask counts nothing"


def test_a_state_has_the_counts_since_the_pair_began(place: Place, plan: TrafficPlan) -> None:
    a, b = f"{MODEL}-a-predictor", f"{MODEL}-b-predictor"
    place.pages = {
        a: {"a-1": page(1, champion=(10, 0, 1))},
        b: {"b-1": page(2, shadow=(4, 0, 0), challenger=(2, 0, 0))},
    }
    place.target().apply(replace(plan, weight=500, mirror=WHOLE))
    state = place.target().observe()
    assert state.champion.requests == 11, "it was the champion before, and nobody read its pod then"
    assert (state.challenger.requests, state.mirror.copies) == (0, 0)

    place.pages = {
        a: {"a-1": page(1, champion=(20, 0, 2)), "a-2": page(1, champion=(5, 1, 0))},
        b: {"b-1": page(2, shadow=(14, 0, 0), challenger=(6, 1, 3))},
    }
    state = place.target().observe()
    assert (state.champion.requests, state.champion.errors) == (28, 2)
    challenger = state.challenger
    assert (challenger.requests, challenger.answers, challenger.errors) == (8, 5, 3)
    assert (state.mirror.copies, state.mirror.answers, dict(state.mirror.lost)) == (10, 10, {})

    place.target().apply(replace(plan, weight=2500, mirror=WHOLE))
    assert place.target().observe().challenger.requests == 8, "the pair is the same"
    place.target().apply(TrafficPlan(plan.champion))
    place.target().apply(replace(plan, weight=500))
    state = place.target().observe()
    assert (state.challenger.requests, state.champion.requests) == (0, 28), "a pair again"


def test_pods_that_cannot_be_reached_are_not_taken_for_sick(
    place: Place, plan: TrafficPlan
) -> None:
    place.target().apply(replace(plan, weight=500))
    state = place.target().observe()
    assert (state.champion.requests, state.champion.healthy) == (0, True)
    assert (state.challenger.requests, state.challenger.healthy) == (0, True)
