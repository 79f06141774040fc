"""What the sidecar tells Prometheus."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST

_PREFIX = "phasegate_sidecar"
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SPOOL_COUNTERS = {
    "records_seen": "Records noticed since the start.",
    "records_sealed": "Records moved into the store.",
    "records_torn": "Records that a killed writer left half written, and dropped.",
    "segments_damaged": "Segments that could not be read to their end, and were put aside.",
    "files_sealed": "Parquet files made.",
    "bytes_sealed": "Bytes of these files.",
}
_SPOOL_GAUGES = {
    "records_unsealed": "Records that are not in the store yet.",
    "oldest_unsealed_seconds": "Age of the oldest of them.",
    "event_lag_seconds": "Event time from the newest sealed record to the newest one.",
    "spool_bytes": "Bytes of all files in the spool.",
}


class Metrics:
    """Counts and gauges of one sidecar."""

    def __init__(self) -> None:
        disable_created_metrics()
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"{_PREFIX}_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"{_PREFIX}_{name}", text, labels, registry=registry)

        self._spool_counters = {
            name: counter(name, text, "spool") for name, text in _SPOOL_COUNTERS.items()
        }
        self._spool_gauges = {
            name: gauge(name, text, "spool") for name, text in _SPOOL_GAUGES.items()
        }
        self.seal_seconds = Histogram(
            f"{_PREFIX}_seal_seconds",
            "From a closed segment to its files in the store.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.store_failures = counter("store_failures", "Times that the store failed or refused.")
        self.events = counter(
            "events",
            "CloudEvents by what became of them: waiting, joined, duplicate or late; then, where "
            "the other half did not come, no_response or no_request.",
            "outcome",
        )
        self.events_refused = counter("events_refused", "CloudEvents not taken.", "reason")
        self.events_waiting = gauge("events_waiting", "Events and records before their batch.")
        self.events_waiting_bytes = gauge("events_waiting_bytes", "Bytes of them.")
        self.degraded = gauge("degraded", "1 for each thing that is wrong now.", "what")

    def spool(self, name: str) -> SpoolMetrics:
        """Those of one spool folder, all of them 0 from the start."""
        return SpoolMetrics(
            {key: found.labels(name) for key, found in self._spool_counters.items()},
            {key: found.labels(name) for key, found in self._spool_gauges.items()},
            self.seal_seconds,
        )

    def text(self) -> bytes:
        """All of them, in Prometheus' text format."""
        return generate_latest(self._registry)


class SpoolMetrics:
    """Counts and gauges of one spool folder.

    Args:
        counters: by name.
        gauges: by name.
        seal_seconds: of all spools together.
    """

    def __init__(
        self, counters: Mapping[str, Counter], gauges: Mapping[str, Gauge], seal_seconds: Histogram
    ) -> None:
        self._counters, self._gauges, self.seal_seconds = counters, gauges, seal_seconds

    def add(self, **counts: float) -> None:
        """Add to counters."""
        for name, count in counts.items():
            self._counters[name].inc(count)

    def set(self, **values: float) -> None:
        """Set gauges."""
        for name, value in values.items():
            self._gauges[name].set(value)
