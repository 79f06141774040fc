"""Alerts on their way to a sink of CloudEvents; they are in the store before that."""

from __future__ import annotations

import http.client
import threading
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from phasegate.errors import BadInput
from phasegate.sidecar.drift.metrics import DriftMetrics
from phasegate.sidecar.drift.state import DriftState
from phasegate.sidecar.health import Health

_SECONDS = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0


class Outbox:
    """A thread that posts alerts until each is accepted, in their order.

    Args:
        url: of the sink.
        state: holds alerts that were not accepted yet.
        metrics: count them.
        health: is told when the sink does not take them.

    Attributes:
        ready: set when there is an alert.

    Raises:
        BadInput: the url is none.
    """

    def __init__(self, url: str, state: DriftState, metrics: DriftMetrics, health: Health) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadInput(f"'{url}' is no address", where="--alerts", expected="http://HOST/PATH")
        self._url, self._state, self._metrics, self._health = url, state, metrics, health
        self.ready, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def start(self) -> None:
        """Begin with what was left to send."""
        self.ready.set()
        self._thread.start()

    def stop(self) -> None:
        """End; what was not accepted is sent by the next process."""
        self._stop.set()
        self.ready.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stop.is_set():
            self.ready.wait()
            self.ready.clear()
            try:
                while self._send_all():
                    pause = _FIRST_PAUSE
                self._health.tell("alerts", None)
            except (OSError, http.client.HTTPException) as error:
                self._metrics.alert_failures.inc()
                self._health.tell("alerts", f"the sink of alerts did not take one: {error}")
                self._stop.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                self.ready.set()

    def _send_all(self) -> bool:
        """Send the oldest alerts; whether there were any."""
        waiting = self._state.alerts()
        self._metrics.alerts_waiting.set(len(waiting))
        for identity, event in waiting:
            if self._stop.is_set():
                return False
            self._post(event)
            self._state.accepted(identity)
            self._metrics.alerts_sent.inc()
        return bool(waiting)

    def _post(self, event: bytes) -> None:
        request = urllib.request.Request(
            self._url, event, {"Content-Type": "application/cloudevents+json; charset=utf-8"}
        )
        with urllib.request.urlopen(request, timeout=_SECONDS):
            pass  # urllib raises what is not 2xx, after redirects
