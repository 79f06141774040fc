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

from phasegate import metric_names as names
from phasegate.metric_names import MetricName

CONTENT_TYPE = CONTENT_TYPE_LATEST

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SPOOL_COUNTERS = {
    "records_seen": names.RECORDS_SEEN,
    "records_sealed": names.RECORDS_SEALED,
    "records_torn": names.RECORDS_TORN,
    "segments_damaged": names.SEGMENTS_DAMAGED,
    "files_sealed": names.FILES_SEALED,
    "bytes_sealed": names.BYTES_SEALED,
}
_SPOOL_GAUGES = {
    "records_unsealed": names.RECORDS_UNSEALED,
    "oldest_unsealed_seconds": names.OLDEST_UNSEALED_SECONDS,
    "event_lag_seconds": names.EVENT_LAG_SECONDS,
    "spool_bytes": names.SPOOL_BYTES,
}


class Metrics:
    """Counts and gauges of one sidecar."""

    def __init__(self) -> None:
        disable_created_metrics()
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._spool_counters = {key: self.counter(one) for key, one in _SPOOL_COUNTERS.items()}
        self._spool_gauges = {key: self.gauge(one) for key, one in _SPOOL_GAUGES.items()}
        self.seal_seconds = self.histogram(names.SEAL_SECONDS)
        self.store_failures = self.counter(names.STORE_FAILURES)
        self.events = self.counter(names.EVENTS)
        self.events_refused = self.counter(names.EVENTS_REFUSED)
        self.events_waiting = self.gauge(names.EVENTS_WAITING)
        self.events_waiting_bytes = self.gauge(names.EVENTS_WAITING_BYTES)
        self.degraded = self.gauge(names.DEGRADED)

    def counter(self, named: MetricName) -> Counter:
        """A counter of this name."""
        return Counter(named.name, named.text, named.labels, registry=self._registry)

    def gauge(self, named: MetricName) -> Gauge:
        """A gauge of this name."""
        return Gauge(named.name, named.text, named.labels, registry=self._registry)

    def histogram(self, named: MetricName) -> Histogram:
        """A histogram of this name, of seconds."""
        return Histogram(
            named.name, named.text, named.labels, buckets=_SECONDS, registry=self._registry
        )

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
