"""The thread that judges windows which ended, one after another, while sealing goes on."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from pathlib import Path

from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.monitoring.drift.judgement import DriftJudgement
from phasegate.monitoring.policy import DriftRules
from phasegate.sidecar.drift.detectors.findings import Findings
from phasegate.sidecar.drift.detectors.process import Detectors
from phasegate.sidecar.drift.metrics import DriftMetrics
from phasegate.sidecar.drift.references import References
from phasegate.sidecar.drift.state import DriftState, Waiting
from phasegate.sidecar.drift.verdict import (
    alert_name,
    cloud_event,
    level,
    not_judged,
    rules_for,
    with_findings,
)
from phasegate.sidecar.health import Health
from phasegate.store.named import NamedFiles

_LOOK_SECONDS = 5.0
_LONGEST_PAUSE = 60.0
_LEAST_ROWS = 50  # of a sample, for detectors


class Judging:
    """Judges windows: counts by the rules, samples by detectors; keeps alerts in the store.

    A window is forgotten when its alert is in the store, and so is judged again, to the same
    words under the same name, when the process was killed before.

    Args:
        references: of models.
        state: holds windows that ended, and alerts for the sink.
        store: gets alerts.
        rules: of drift.
        detectors: of samples; None leaves them out.
        draft: a file for what goes to the store.
        metrics: show the last windows.
        health: is told what hinders.
        outbox: set when there is an alert to be sent; None where nobody takes them.
        replicas: sidecars that see a share of the rows.
    """

    def __init__(
        self,
        references: References,
        state: DriftState,
        store: NamedFiles,
        rules: DriftRules,
        detectors: Detectors,
        draft: Path,
        metrics: DriftMetrics,
        health: Health,
        outbox: threading.Event | None,
        replicas: int = 1,
    ) -> None:
        self._references, self._state, self._store = references, state, store
        self._rules, self._detectors, self._draft = rules, detectors, draft
        self._metrics, self._health, self._outbox = metrics, health, outbox
        self._replicas = replicas
        self._work, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="judging", daemon=True)
        self._shown: set[str] = set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Say that a window may have ended."""
        self._work.set()

    def stop(self) -> None:
        """End; windows that are not judged yet will be by the next process."""
        self._stop.set()
        self._work.set()
        self._thread.join(timeout=1.0)
        self._detectors.close()

    def _run(self) -> None:
        pause = _LOOK_SECONDS
        while not self._stop.is_set():
            self._work.clear()
            try:
                self._show_latest()
                while not self._stop.is_set() and self._judge_next():
                    pause = _LOOK_SECONDS
                self._health.tell("drift judging", None)
            except Exception as error:
                if self._stop.is_set():
                    return
                self._health.tell("drift judging", f"{error}"[:500] or repr(error))
                if not isinstance(error, BadInput | OSError):
                    traceback.print_exc(file=sys.stderr)
                pause = min(2 * pause, _LONGEST_PAUSE)
            self._detectors.end_if_idle()
            self._work.wait(pause)

    def _judge_next(self) -> bool:
        """Judge the window that has waited longest; whether there was one."""
        self._metrics.windows_waiting.set(self._state.count_waiting())
        waiting = self._state.waiting(self._references.profiles())
        if waiting is None:
            return False
        started = time.perf_counter()
        judgement, findings = self._judge(waiting)
        if self._stop.is_set():
            return False  # detectors that were ended halfway have found nothing
        event = identity = None
        if judgement.alert:
            document = cloud_event(waiting.model, waiting.ended.kind, judgement)
            identity, event = document["id"], canonical_json(document)
            self._draft.write_bytes(event)
            self._store.create(alert_name(waiting.model, identity), self._draft)
        latest = {
            "model": waiting.model,
            "judgement": judgement.to_json(),
            "findings": findings.to_json() if findings else None,
        }
        self._state.judged(
            waiting.number, judgement.profile_digest, waiting.ended.kind, latest,
            event if self._outbox else None, identity or "",
        )  # fmt: skip
        self._metrics.show(waiting.model, waiting.ended.kind, judgement, findings)
        self._metrics.ended(waiting.model, waiting.ended.kind, judgement)
        self._metrics.judge_seconds.observe(time.perf_counter() - started)
        self._metrics.windows_waiting.set(self._state.count_waiting())
        if event and self._outbox:
            self._outbox.set()
        return True

    def _judge(self, waiting: Waiting) -> tuple[DriftJudgement, Findings | None]:
        # Only when a window ends: SciPy takes time to import.
        from phasegate.monitoring.drift.judge import judge

        ended = waiting.ended
        counts = ended.part.counts
        reference = self._references.of_profile(counts.profile)
        try:
            judgement = judge(
                reference.profile, reference.calibration, counts,
                rules_for(ended.kind, self._rules, self._replicas),
                since=ended.since, until=ended.until,
                traffic=waiting.traffic if ended.kind == "time" and waiting.traffic else None,
            )  # fmt: skip
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            return not_judged(counts, reference.profile, ended, repr(error)), None
        sample = ended.part.sample.rows
        if reference.sample is None or len(sample) < _LEAST_ROWS:
            return judgement, None
        findings = self._detectors.find(
            reference.sample, sample, level(self._rules, ended.until - ended.since),
            self._rules.sample,
        )  # fmt: skip
        if findings.problem and not self._stop.is_set():
            self._metrics.detector_failures.inc()
        self._health.tell("drift detectors", findings.problem or None)
        return with_findings(judgement, findings, self._rules), findings

    def _show_latest(self) -> None:
        """What a process before this one judged last, once for each reference."""
        for digest in self._references.profiles().keys() - self._shown:
            self._shown.add(digest)
            for kind, latest in self._state.latest(digest).items():
                found = latest["findings"]
                self._metrics.show(
                    latest["model"], kind,  # type: ignore[arg-type]
                    DriftJudgement.from_json(latest["judgement"]),
                    Findings.from_json(found) if found else None,
                )  # fmt: skip
