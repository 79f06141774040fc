"""Envoy's admin interface."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from phasegate.errors import BadInput, Unavailable

_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Host:
    """A backend as one cluster sees it.

    Attributes:
        healthy: whether it passes its health checks and is not ejected.
        answers: with a status below 500 that was passed on.
    """

    healthy: bool
    answers: int

    @classmethod
    def of(cls, status: Mapping[str, Any]) -> Host:
        """The host of Envoy's status of it."""
        failures = [it for it in status["health_status"].values() if it is True]
        counts = {counter["name"]: int(counter.get("value", 0)) for counter in status["stats"]}
        return cls(healthy=not failures, answers=counts["rq_success"])


class Admin:
    """A client of one Envoy.

    Args:
        address: ``IP:PORT``.

    Every method raises `Unavailable` when Envoy does not answer.
    """

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit():
            raise BadInput(f"'{address}' is not an address", expected="IP:PORT")
        self.address = address
        self._host, self._port = host, int(port)

    def is_ready(self) -> bool:
        """Whether Envoy has its configuration and accepts requests."""
        return self._request("GET", "/ready")[0] == 200

    def statistics(self, pattern: str) -> dict[str, str]:
        """Counters, gauges and texts whose names match a regular expression."""
        text = self._text("GET", f"/stats?filter={quote(pattern)}")
        return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)

    def clusters(self) -> list[dict[str, Any]]:
        """Clusters in force that were read from the clusters file, as Envoy has them."""
        entries = self._dump("dynamic_active_clusters")
        return [entry["cluster"] for entry in entries]

    def routes(self) -> dict[str, Any]:
        """The routes in force and their version: ``{"version_info": ..., "route_config": ...}``."""
        entries = self._dump("dynamic_route_configs")
        return next(iter(entries), {})

    def hosts(self) -> dict[str, Host]:
        """The host of each cluster that has one, by the cluster's name."""
        status = json.loads(self._text("GET", "/clusters?format=json"))
        return {
            cluster["name"]: Host.of(host)
            for cluster in status.get("cluster_statuses", [])
            for host in cluster.get("host_statuses", [])
        }

    def switch(self, key: str) -> str | None:
        """Value of a runtime key; None when nobody has set it."""
        entries = json.loads(self._text("GET", "/runtime?format=json"))["entries"]
        return entries.get(key, {}).get("final_value")

    def set_switch(self, key: str, value: str) -> None:
        """Set a runtime key, for as long as Envoy runs."""
        self._text("POST", f"/runtime_modify?{quote(key)}={quote(value)}")

    def listening(self) -> str:
        """``IP:PORT`` of the listener."""
        status = json.loads(self._text("GET", "/listeners?format=json"))
        address = status["listener_statuses"][0]["local_address"]["socket_address"]
        return f"{address['address']}:{address['port_value']}"

    def stop_listening(self) -> None:
        """Close each connection with its next answer and, after the drain time, take no more."""
        self._text("POST", "/drain_listeners?graceful")

    def _dump(self, resource: str) -> list[dict[str, Any]]:
        return json.loads(self._text("GET", f"/config_dump?resource={resource}")).get("configs", [])

    def _text(self, method: str, path: str) -> str:
        status, text = self._request(method, path)
        if status != 200:
            asked = path.partition("?")[0]
            raise Unavailable(f"Envoy answers {status} to {asked} ({text.strip()})")
        return text

    def _request(self, method: str, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_SECONDS)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(
                f"Envoy does not answer ({error})", where=self.address, fix="Start it again"
            ) from None
        finally:
            connection.close()
