"""Counts of what a predictor did, told to Prometheus when it asks.

Everything is counted on the server's one event loop, in plain integers; a scrape reads them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from phasegate import metric_names
from phasegate.prediction_log.spool import Spool
from phasegate.serving.features import Features

_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
_SCORES = tuple(step / 20 for step in range(1, 21))


class Histogram:
    """Counts of values up to each bound, and their sum."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds, self._bounds_array = bounds, np.array(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def add_all(self, values: np.ndarray) -> None:
        """Count each of some values."""
        found = np.searchsorted(self._bounds_array, values)
        for at, count in enumerate(np.bincount(found, minlength=len(self._counts)).tolist()):
            self._counts[at] += count
        self._sum += float(values.sum())

    def family(self, into: HistogramMetricFamily, labels: Sequence[str]) -> None:
        """Add the cumulative buckets to a metric."""
        total, buckets = 0, []
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            total += count
            buckets.append(("+Inf" if bound == float("inf") else str(bound), total))
        into.add_metric(labels, buckets, self._sum)


class Metrics(Collector):
    """What one predictor counts, by the role that it played.

    Args:
        model: name that the model is served under.
        digest: of the model.
        features: which count labels that windows should have known.
        spool: the prediction log, which counts for itself; None where nothing is logged.
    """

    def __init__(self, model: str, digest: str, features: Features, spool: Spool | None) -> None:
        self._labels = [model, digest[:12]]
        self._features, self._spool = features, spool
        self._requests: Counter[str] = Counter()
        self._rows: Counter[str] = Counter()
        self._errors: Counter[tuple[str, str]] = Counter()
        self._seconds: dict[str, Histogram] = {}
        self._scores: dict[str, Histogram] = {}

    def answered(self, role: str, seconds: float, scores: np.ndarray) -> None:
        """Count a request that was answered, and its scores [rows]."""
        self._requests[role] += 1
        self._rows[role] += len(scores)
        if role not in self._seconds:
            self._seconds[role], self._scores[role] = Histogram(_SECONDS), Histogram(_SCORES)
        self._seconds[role].add(seconds)
        if len(scores) == 1:
            self._scores[role].add(scores.item())
        else:
            self._scores[role].add_all(scores)

    def failed(self, role: str, kind: str) -> None:
        """Count a request that was refused or failed."""
        self._requests[role] += 1
        self._errors[role, kind] += 1

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        names = metric_names.REQUESTS.labels
        requests = CounterMetricFamily(
            metric_names.REQUESTS.name, metric_names.REQUESTS.text, labels=names
        )
        rows = CounterMetricFamily("phasegate_rows", "Rows scored.", labels=names)
        for role in sorted(self._requests):
            requests.add_metric([*self._labels, role], self._requests[role])
            rows.add_metric([*self._labels, role], self._rows[role])
        errors = CounterMetricFamily(
            metric_names.REQUEST_ERRORS.name,
            metric_names.REQUEST_ERRORS.text,
            labels=metric_names.REQUEST_ERRORS.labels,
        )
        for (role, kind), count in sorted(self._errors.items()):
            errors.add_metric([*self._labels, role, kind], count)
        seconds = HistogramMetricFamily(
            metric_names.REQUEST_SECONDS.name, metric_names.REQUEST_SECONDS.text, labels=names
        )
        scores = HistogramMetricFamily("phasegate_score", "Scores given.", labels=names)
        for role in sorted(self._seconds):
            self._seconds[role].family(seconds, [*self._labels, role])
            self._scores[role].family(scores, [*self._labels, role])
        yield from (requests, rows, errors, seconds, scores)
        yield from self._skew_metrics()
        if self._spool:
            yield from self._log_metrics(self._spool)

    def _skew_metrics(self) -> Iterator[Metric]:
        for name, told, count in (
            ("phasegate_unlabelled_events", "Events that windows over the label saw without it.",
             self._features.unlabelled),
            ("phasegate_unrecorded_events", "Requests whose events later ones do not see.",
             self._features.unrecorded),
        ):  # fmt: skip
            metric = CounterMetricFamily(name, told, labels=["model", "digest"])
            metric.add_metric(self._labels, count)
            yield metric

    def _log_metrics(self, spool: Spool) -> Iterator[Metric]:
        written = CounterMetricFamily(
            "phasegate_log_records", "Records written to the prediction log.",
            labels=["model", "digest"],
        )  # fmt: skip
        written.add_metric(self._labels, spool.written)
        dropped = CounterMetricFamily(
            metric_names.LOG_DROPPED.name,
            metric_names.LOG_DROPPED.text,
            labels=metric_names.LOG_DROPPED.labels,
        )
        for reason, count in sorted(spool.dropped.items()):
            dropped.add_metric([*self._labels, reason], count)
        waiting = GaugeMetricFamily(
            "phasegate_log_waiting_bytes", "Bytes of the prediction log not sealed yet.",
            labels=["model", "digest"],
        )  # fmt: skip
        waiting.add_metric(self._labels, spool.bytes_waiting)
        yield from (written, dropped, waiting)
