"""What the pods of a slot have counted.

A gateway's own counters are each implementation's affair; what the predictors count is ours. It
is what arrived: a request that a gateway could not deliver is in no pod's count, and so are
copies that it dropped. Matched pairs of the prediction log show those.
"""

from __future__ import annotations

import http.client
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from phasegate import metric_names
from phasegate.errors import BadInput
from phasegate.kubernetes.cluster import Cluster
from phasegate.kubernetes.kinds import ENDPOINT_SLICE

Pages = Callable[[str], Mapping[str, str]]
"""From a Service's name to the metrics page of each of its pods that could be read."""

Base = Mapping[str, tuple[int, int]]
"""Requests and errors by pod."""

_SECONDS = 2.0
_AT_ONCE = 8
_MOST_BYTES = 4 << 20
_METRICS_PORT = 8080
_LINE = re.compile(r"(\w+)\{([^}]*)\} ([0-9.eE+]+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
# Of a predictor's errors, those that are answers of 500 and above.
_FAILURES = ("internal", "unavailable")


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests in one role.

    Attributes:
        requests: that were answered, well or not.
        errors: answers of 500 and above.
    """

    requests: int = 0
    errors: int = 0


def read_page(page: str, model: str, slot: str) -> dict[str, Counted]:
    """What a predictor's metrics page says of a model, by role.

    Args:
        page: in Prometheus' text format.
        model: name that it is served under.
        slot: first 12 digits of its digest.
    """
    requests: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    for name, labels, value in _samples(page):
        if (labels.get("model"), labels.get("digest")) != (model, slot):
            continue
        role = labels.get("role", "")
        if name == metric_names.REQUESTS.series:
            requests[role] += int(value)
        elif name == metric_names.REQUEST_ERRORS.series and _is_failure(labels.get("kind", "")):
            errors[role] += int(value)
    return {role: Counted(count, min(errors[role], count)) for role, count in requests.items()}


class PodPages:
    """Reads the metrics pages of a Service's pods, whichever can be reached.

    Args:
        cluster: whose EndpointSlices say where pods are.
        namespace: of the Services.
        seconds: for one page.
    """

    def __init__(self, cluster: Cluster, namespace: str, seconds: float = _SECONDS) -> None:
        self._cluster, self._namespace, self._seconds = cluster, namespace, seconds

    def __call__(self, service: str) -> dict[str, str]:
        """The page of each pod by the pod's name; none where the cluster does not tell."""
        try:
            slices = self._cluster.list(
                ENDPOINT_SLICE, self._namespace, f"kubernetes.io/service-name={service}"
            )
        except BadInput:
            return {}
        places = {
            (end.get("targetRef") or {}).get("name") or end["addresses"][0]: (
                end["addresses"][0],
                _port(one.get("ports") or ()),
            )
            for one in slices
            for end in one.get("endpoints") or ()
        }
        if not places:
            return {}
        with ThreadPoolExecutor(min(_AT_ONCE, len(places))) as pool:
            pages = list(pool.map(self._page, places.values()))
        return {pod: page for pod, page in zip(places, pages, strict=True) if page is not None}

    def _page(self, place: tuple[str, int]) -> str | None:
        connection = http.client.HTTPConnection(*place, timeout=self._seconds)
        try:
            connection.request("GET", "/metrics", headers={"Accept": "text/plain"})
            response = connection.getresponse()
            body = response.read(_MOST_BYTES)
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return body.decode("utf-8", "replace") if response.status == 200 else None


class Tally:
    """Counts that never go backwards while this object lives.

    A pod that ends takes its counters with it, and one whose container restarts begins at 0. What
    was last seen of it still counts.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[str, str, str], Counted] = {}
        self._carried: dict[tuple[str, str, str], Counted] = {}

    def see(self, slot: str, role: str, pods: Mapping[str, Counted]) -> None:
        """Take note of what pods say now; those that could not be read are as they were."""
        for pod, counted in pods.items():
            key = (slot, role, pod)
            last = self._last.get(key, Counted())
            if counted.requests < last.requests:
                carried = self._carried.get(key, Counted())
                self._carried[key] = Counted(
                    carried.requests + last.requests, carried.errors + last.errors
                )
            self._last[key] = counted

    def total(self, slot: str, role: str, base: Base) -> Counted:
        """All that was seen of a slot in a role, less what pods had counted before."""
        requests = errors = 0
        for key, last in self._last.items():
            if key[:2] != (slot, role):
                continue
            carried = self._carried.get(key, Counted())
            before = base.get(key[2], (0, 0))
            have = (last.requests + carried.requests, last.errors + carried.errors)
            if have[0] < before[0]:
                before = (0, 0)  # it restarted after the pair began, before anyone here looked
            requests += have[0] - before[0]
            errors += max(have[1] - before[1], 0)
        return Counted(requests, min(errors, requests))

    def base(self, slot: str, role: str) -> dict[str, tuple[int, int]]:
        """What each pod has counted, for `total` to begin from."""
        return {
            key[2]: (
                last.requests + self._carried.get(key, Counted()).requests,
                last.errors + self._carried.get(key, Counted()).errors,
            )
            for key, last in self._last.items()
            if key[:2] == (slot, role)
        }


def _samples(page: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for line in page.splitlines():
        if found := _LINE.match(line):
            yield found[1], dict(_LABEL.findall(found[2])), float(found[3])


def _is_failure(kind: str) -> bool:
    return kind in _FAILURES or kind.startswith("http_5")


def _port(ports: list[Mapping[str, object]] | tuple[()]) -> int:
    for one in ports:
        if isinstance(port := one.get("port"), int):
            return port
    return _METRICS_PORT
