"""What the sidecar tells Prometheus of drift.

Series are bounded: models with a reference, two kinds of window, at most `MOST_FEATURES` features.
"""

from __future__ import annotations

import time
from collections import Counter

from prometheus_client import Histogram

from phasegate import metric_names as names
from phasegate.monitoring.drift.judgement import Channel, DriftJudgement, FeatureDrift
from phasegate.monitoring.profile import Profile
from phasegate.sidecar.drift.detectors.findings import Findings
from phasegate.sidecar.drift.windows import Kind, Tally
from phasegate.sidecar.metrics import Metrics

MOST_FEATURES = 300


class DriftMetrics:
    """Counts and gauges of drift.

    Args:
        metrics: of the sidecar, which these are shown with.
    """

    def __init__(self, metrics: Metrics) -> None:
        gauge, counter = metrics.gauge, metrics.counter
        self._by_feature = {
            "psi": gauge(names.PSI),
            "debiased": gauge(names.PSI_DEBIASED),
            "distance": gauge(names.DISTANCE),
            "p_value": gauge(names.P_VALUE),
            "missing": gauge(names.MISSING_SHARE),
        }
        self._drifted, self._rule = gauge(names.DRIFTED_SHARE), gauge(names.RULE_ALERT)
        self._alert, self._judged = gauge(names.ALERT), gauge(names.JUDGED)
        self._rows, self._end = gauge(names.WINDOW_ROWS), gauge(names.WINDOW_END_SECONDS)
        self._alarms = gauge(names.ALARMS)
        self._statistic = gauge(names.DETECTOR_STATISTIC)
        self._detector_p = gauge(names.DETECTOR_P_VALUE)
        self._windows, self._tally = counter(names.WINDOWS), counter(names.DRIFT_ROWS)
        self._unreferenced = counter(names.UNREFERENCED_ROWS)
        self._references, self._last_rows = gauge(names.REFERENCES), gauge(names.LAST_ROWS_SECONDS)
        self.windows_waiting = gauge(names.WINDOWS_WAITING)
        self.judge_seconds: Histogram = metrics.histogram(names.JUDGE_SECONDS)
        self.detector_failures = counter(names.DETECTOR_FAILURES)
        self.alerts_waiting = gauge(names.ALERTS_WAITING)
        self.alerts_sent = counter(names.ALERTS_SENT)
        self.alert_failures = counter(names.ALERT_FAILURES)

    def referenced(self, profile: Profile) -> None:
        """A model has a reference."""
        self._references.labels(profile.name, profile.model_digest[:12], profile.digest[:12]).set(1)

    def unreferenced(self, model: str, digest: str, rows: int) -> None:
        """Rows came of a model that has none."""
        self._unreferenced.labels(model, digest[:12]).inc(rows)

    def counted(self, model: str, digest: str, tally: Tally, duplicates: int) -> None:
        """Rows came of a model that has one."""
        outcomes = {
            "counted": tally.counted, "late": tally.late, "future": tally.future,
            "stray": tally.stray, "duplicate": duplicates,
        }  # fmt: skip
        for outcome, rows in outcomes.items():
            self._tally.labels(model, digest[:12], outcome).inc(rows)
        self._last_rows.labels(model, digest[:12]).set(time.time())

    def lost(self, model: str, digest: str, rows: int) -> None:
        """Rows could not be counted."""
        self._tally.labels(model, digest[:12], "lost").inc(rows)

    def ended(self, model: str, kind: Kind, judgement: DriftJudgement) -> None:
        """Count a window that was judged."""
        outcome = "alert" if judgement.alert else "quiet" if judgement.judged else "unjudged"
        self._windows.labels(model, judgement.model_digest[:12], kind, outcome).inc()

    def show(
        self, model: str, kind: Kind, judgement: DriftJudgement, findings: Findings | None
    ) -> None:
        """Show the last window of a model and a kind."""
        window = (model, judgement.model_digest[:12], kind)
        for one in judgement.features[:MOST_FEATURES]:
            self._show_feature(window, one)
        if judgement.predictions is not None:
            self._show_feature(window, judgement.predictions)
        for rule in ("literal", "calibrated"):
            said = getattr(judgement, rule)
            share = said.drifted / said.of if said.of else 0.0
            self._drifted.labels(*window, rule).set(share)
            self._rule.labels(*window, rule).set(said.alert)
        self._alert.labels(*window).set(judgement.alert)
        self._judged.labels(*window).set(judgement.judged)
        self._rows.labels(*window).set(judgement.rows)
        self._end.labels(*window).set(judgement.until.timestamp())
        alarms = Counter(alarm.channel for alarm in judgement.alarms)
        for channel in Channel:
            self._alarms.labels(*window, channel.value).set(alarms[channel])
        for test in findings.tests[: MOST_FEATURES + 1] if findings else ():
            at = (*window, test.feature, findings.library)
            self._statistic.labels(*at).set(test.statistic)
            self._detector_p.labels(*at).set(test.p_value)

    def _show_feature(self, window: tuple[str, str, str], drift: FeatureDrift) -> None:
        for name, metric in self._by_feature.items():
            metric.labels(*window, drift.feature).set(getattr(drift, name))
