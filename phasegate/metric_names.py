"""Names of all metrics that alert rules and dashboards are made from, and that processes export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class MetricName:
    """A metric.

    Attributes:
        name: as it is registered.
        kind: of metric.
        text: what it says.
        labels: that tell its series apart.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    text: str
    labels: tuple[str, ...] = ()

    @property
    def series(self) -> str:
        """As Prometheus stores it: counters end in ``_total``, of histograms the buckets."""
        return self.name + {"counter": "_total", "gauge": "", "histogram": "_bucket"}[self.kind]


# Of the predictor.
_MODEL = ("model", "digest")
REQUESTS = MetricName("phasegate_requests", "counter", "Requests received.", (*_MODEL, "role"))
REQUEST_ERRORS = MetricName(
    "phasegate_request_errors", "counter", "Requests refused or failed.", (*_MODEL, "role", "kind")
)
REQUEST_SECONDS = MetricName(
    "phasegate_request_seconds", "histogram", "From body read to answer made.", (*_MODEL, "role")
)
LOG_DROPPED = MetricName(
    "phasegate_log_dropped", "counter", "Records that the prediction log had no room for.",
    (*_MODEL, "reason"),
)  # fmt: skip

# Of the sidecar: sealing.
_SPOOL = ("spool",)
RECORDS_SEEN = MetricName(
    "phasegate_sidecar_records_seen", "counter", "Records noticed since the start.", _SPOOL
)
RECORDS_SEALED = MetricName(
    "phasegate_sidecar_records_sealed", "counter", "Records moved into the store.", _SPOOL
)
RECORDS_TORN = MetricName(
    "phasegate_sidecar_records_torn", "counter",
    "Records that a killed writer left half written, and dropped.", _SPOOL,
)  # fmt: skip
SEGMENTS_DAMAGED = MetricName(
    "phasegate_sidecar_segments_damaged", "counter",
    "Segments that could not be read to their end, and were put aside.", _SPOOL,
)  # fmt: skip
FILES_SEALED = MetricName(
    "phasegate_sidecar_files_sealed", "counter", "Parquet files made.", _SPOOL
)
BYTES_SEALED = MetricName(
    "phasegate_sidecar_bytes_sealed", "counter", "Bytes of these files.", _SPOOL
)
RECORDS_UNSEALED = MetricName(
    "phasegate_sidecar_records_unsealed", "gauge", "Records that are not in the store yet.", _SPOOL
)
OLDEST_UNSEALED_SECONDS = MetricName(
    "phasegate_sidecar_oldest_unsealed_seconds", "gauge", "Age of the oldest of them.", _SPOOL
)
EVENT_LAG_SECONDS = MetricName(
    "phasegate_sidecar_event_lag_seconds", "gauge",
    "Event time from the newest sealed record to the newest one.", _SPOOL,
)  # fmt: skip
SPOOL_BYTES = MetricName(
    "phasegate_sidecar_spool_bytes", "gauge", "Bytes of all files in the spool.", _SPOOL
)
SEAL_SECONDS = MetricName(
    "phasegate_sidecar_seal_seconds",
    "histogram",
    "From a closed segment to its files in the store.",
)
STORE_FAILURES = MetricName(
    "phasegate_sidecar_store_failures", "counter", "Times that the store failed or refused."
)
EVENTS = MetricName(
    "phasegate_sidecar_events", "counter",
    "CloudEvents by what became of them: waiting, joined, duplicate or late; then, where "
    "the other half did not come, no_response or no_request.", ("outcome",),
)  # fmt: skip
EVENTS_REFUSED = MetricName(
    "phasegate_sidecar_events_refused", "counter", "CloudEvents not taken.", ("reason",)
)
EVENTS_WAITING = MetricName(
    "phasegate_sidecar_events_waiting", "gauge", "Events and records before their batch."
)
EVENTS_WAITING_BYTES = MetricName(
    "phasegate_sidecar_events_waiting_bytes", "gauge", "Bytes of them."
)
DEGRADED = MetricName(
    "phasegate_sidecar_degraded", "gauge", "1 for each thing that is wrong now.", ("what",)
)

# Of the sidecar: drift. `window` is `time` or `rows`: by what the window ended.
_WINDOW = (*_MODEL, "window")
_FEATURE = (*_WINDOW, "feature")
PSI = MetricName("phasegate_drift_psi", "gauge", "Population stability index.", _FEATURE)
PSI_DEBIASED = MetricName(
    "phasegate_drift_psi_debiased", "gauge", "The same less what chance alone makes.", _FEATURE
)
DISTANCE = MetricName(
    "phasegate_drift_distance", "gauge",
    "KS distance; of categories, total variation.", _FEATURE,
)  # fmt: skip
P_VALUE = MetricName(
    "phasegate_drift_p_value", "gauge",
    "Of KS or chi-square on all rows of the window, as if rows were independent.", _FEATURE,
)  # fmt: skip
MISSING_SHARE = MetricName(
    "phasegate_drift_missing_share", "gauge", "Share of missing values.", _FEATURE
)
DRIFTED_SHARE = MetricName(
    "phasegate_drift_drifted_share", "gauge", "Share of features that drift, by rule.",
    (*_WINDOW, "rule"),
)  # fmt: skip
RULE_ALERT = MetricName(
    "phasegate_drift_rule_alert", "gauge", "1 where the rule alerts.", (*_WINDOW, "rule")
)
ALERT = MetricName(
    "phasegate_drift_alert", "gauge", "1 where the last window calls for an evaluation.", _WINDOW
)
JUDGED = MetricName(
    "phasegate_drift_judged", "gauge", "1 where the last window had enough rows to judge.", _WINDOW
)
WINDOW_ROWS = MetricName(
    "phasegate_drift_window_rows", "gauge", "Answered rows of the last window.", _WINDOW
)
WINDOW_END_SECONDS = MetricName(
    "phasegate_drift_window_end_seconds", "gauge", "Event time of its end, since 1970.", _WINDOW
)
ALARMS = MetricName(
    "phasegate_drift_alarms", "gauge", "Alarms of the last window by channel.",
    (*_WINDOW, "channel"),
)  # fmt: skip
DETECTOR_STATISTIC = MetricName(
    "phasegate_drift_detector_statistic", "gauge",
    "Of a test on samples, by library: KS distance, chi-square, or that of the joint test.",
    (*_FEATURE, "library"),
)  # fmt: skip
DETECTOR_P_VALUE = MetricName(
    "phasegate_drift_detector_p_value", "gauge",
    "Of the same; the joint test's feature is empty.", (*_FEATURE, "library"),
)  # fmt: skip
WINDOWS = MetricName(
    "phasegate_drift_windows", "counter", "Windows by outcome: alert, quiet or unjudged.",
    (*_WINDOW, "outcome"),
)  # fmt: skip
DRIFT_ROWS = MetricName(
    "phasegate_drift_rows", "counter",
    "Rows by what became of them: counted; late, future or stray, which are in summaries and in "
    "no window; duplicate; or lost, which could not be counted.", (*_MODEL, "outcome"),
)  # fmt: skip
UNREFERENCED_ROWS = MetricName(
    "phasegate_drift_unreferenced_rows", "counter", "Rows of models without a reference.", _MODEL
)
REFERENCES = MetricName(
    "phasegate_drift_reference", "gauge", "1 for each reference that is at hand.",
    (*_MODEL, "profile"),
)  # fmt: skip
LAST_ROWS_SECONDS = MetricName(
    "phasegate_drift_last_rows_seconds", "gauge", "Time at which rows last came, since 1970.",
    _MODEL,
)  # fmt: skip
WINDOWS_WAITING = MetricName(
    "phasegate_drift_windows_waiting", "gauge", "Ended windows that are not judged yet."
)
JUDGE_SECONDS = MetricName(
    "phasegate_drift_judge_seconds", "histogram", "From an ended window to its judgement."
)
DETECTOR_FAILURES = MetricName(
    "phasegate_drift_detector_failures", "counter", "Windows whose detectors failed."
)
ALERTS_WAITING = MetricName(
    "phasegate_drift_alerts_waiting", "gauge", "Alerts that the sink has not accepted yet."
)
ALERTS_SENT = MetricName("phasegate_drift_alerts_sent", "counter", "Alerts that it accepted.")
ALERT_FAILURES = MetricName(
    "phasegate_drift_alert_failures", "counter", "Times that the sink did not accept one."
)

ALL = tuple(value for value in list(globals().values()) if isinstance(value, MetricName))
