"""What the sidecar does every second: look, join, seal; ever more rarely while the store fails."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from phasegate.errors import BadInput
from phasegate.sidecar.batching import Batcher
from phasegate.sidecar.health import Health
from phasegate.sidecar.joining import Joiner
from phasegate.sidecar.metrics import Metrics
from phasegate.sidecar.refusal import Refused
from phasegate.sidecar.spools import SpoolFolder, StoreFailure
from phasegate.store.named import NamedFiles

if TYPE_CHECKING:
    from phasegate.sidecar.drift.counting import DriftCounting

_LONGEST_PAUSE = 60.0


class Upkeep:
    """A thread that works until it is stopped, then once more.

    Args:
        spools: folders that are emptied.
        joiner: gives up events that wait too long.
        batcher: fills one of the spools with joined records.
        store: gets what is sealed.
        draft: a file for the store's files before they go there.
        metrics: counts what happens.
        health: is told what is wrong.
        interval: seconds between two rounds.
        counting: counts what is sealed; None where nothing is watched.
        grace: seconds that the writers of spools, and the store, are waited for at the end.
    """

    def __init__(
        self,
        spools: Sequence[SpoolFolder],
        joiner: Joiner,
        batcher: Batcher,
        store: NamedFiles,
        draft: Path,
        metrics: Metrics,
        health: Health,
        interval: float,
        counting: DriftCounting | None = None,
        grace: float = 0.0,
    ) -> None:
        self._spools, self._joiner, self._batcher = spools, joiner, batcher
        self._store, self._draft = store, draft
        self._metrics, self._health, self._interval = metrics, health, interval
        self._counting, self._grace = counting, grace
        self._pause, self._next_try = interval, 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Seal all joined records, and what is closed within the grace; then end."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._work()
        finally:
            self._health.alive = False

    def _work(self) -> None:
        more = False
        while not self._stop.wait(0 if more else self._interval):
            more = self._round()
        deadline = time.monotonic() + self._grace
        self._guarded("events", partial(self._batcher.export, everything=True))
        self._next_try, self._pause = 0.0, self._interval
        # In a pod, the predictor is told to end at the same time, and what it leaves goes with it.
        while (more := self._round()) or (time.monotonic() < deadline and self._is_waited_for()):
            if not more:
                time.sleep(self._interval)

    def _is_waited_for(self) -> bool:
        return any(spool.is_waited_for for spool in self._spools)

    def _round(self) -> bool:
        """Do what there is to do; whether there is more of it already."""
        self._guarded("events", self._join)
        for spool in self._spools:
            self._guarded(spool.name, spool.look)
        if time.monotonic() < self._next_try:
            return False
        more = False
        try:
            self._guarded("restoring drift windows", self._restore)
            for spool in self._spools:
                work = partial(spool.seal, self._store, self._draft)
                more |= self._guarded(f"{spool.name} sealing", work)
        except StoreFailure as error:
            self._metrics.store_failures.inc()
            self._health.tell("store", str(error))
            self._next_try = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            return False
        self._health.tell("store", None)
        self._pause = self._interval
        if self._counting and not more:
            self._guarded("drift windows", self._counting.settle)
        return more

    def _restore(self) -> None:
        if self._counting is None:
            return
        try:
            self._counting.restore(self._store)
        except BadInput as error:
            raise StoreFailure(str(error)) from error

    def _join(self) -> None:
        for outcome, count in self._joiner.expire().items():
            self._metrics.events.labels(outcome).inc(count)
        self._batcher.export()
        waiting = self._joiner.waiting()
        self._metrics.events_waiting.set(waiting.count)
        self._metrics.events_waiting_bytes.set(waiting.bytes)

    def _guarded(self, what: str, work: Callable[[], object]) -> bool:
        """Work that is done again in the next round, whatever happens to it in this one."""
        try:
            result = work()
        except StoreFailure:
            raise
        except (OSError, Refused) as error:
            self._health.tell(what, str(error))
        except Exception as error:
            self._health.tell(what, f"{type(error).__name__}: {error}")
            traceback.print_exc(file=sys.stderr)
        else:
            self._health.tell(what, None)
            return bool(result)
        return False
