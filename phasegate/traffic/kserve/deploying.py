"""How a model gets into a slot, and out of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Set
from typing import Any

from phasegate.errors import BadInput, Unavailable
from phasegate.kubernetes.cluster import Stale
from phasegate.kubernetes.kinds import DEPLOYMENT, INFERENCE_SERVICE
from phasegate.traffic.kserve.readiness import Readiness
from phasegate.traffic.kserve.reading import Slots
from phasegate.traffic.kserve.slots import (
    Deployment,
    assigned,
    assignment,
    digest_of,
    predictor,
    slot_for,
    storage_of,
)
from phasegate.traffic.plan import Backend

_ATTEMPTS = 20
_PAUSE_SECONDS = 0.05
_PROBE_PAUSE_SECONDS = 0.5
_LOOK_SECONDS = 1.0  # KServe speaks of a Deployment a little after it changed


class Deploying:
    """Models into slots and out of them.

    Args:
        slots: of a model.
        ready_seconds: for how long a model may take to become ready.
        probe_seconds: for how long one that is ready may take to answer.
    """

    def __init__(self, slots: Slots, *, ready_seconds: float, probe_seconds: float) -> None:
        self._slots = slots
        self._ready_seconds, self._probe_seconds = ready_seconds, probe_seconds

    def deploy(self, model: Deployment, used: Callable[[], Set[str]]) -> Backend:
        """Serve a model in the slot that is free, and wait until it answered a request.

        Args:
            used: reads which slots have traffic, or will have it by the plan that is kept.

        Raises:
            BadInput: no slot is free, the cluster refuses, or the model cannot become ready.
            Unavailable: it is not ready, or does not answer, in time.
        """
        slot = self._assigned(model, used)
        self._await_ready(slot, model.digest)
        backend = self._slots.backend_of(slot, model.digest)
        self._await_answer(backend)
        after = self._slots.readiness(slot, self._slots.deployment(slot), model.digest)
        if not after.ready:
            raise Unavailable(
                f"{model.slot} answered, and then it was no longer ready: {after.why}",
                where=self._slots.place(slot),
            )
        return backend

    def withdraw(self, name: str, used: Callable[[], Set[str]]) -> None:
        """Let the slot that serves a model become idle; none is none.

        Raises:
            BadInput: it has traffic, or the cluster refuses.
        """
        for _ in range(_ATTEMPTS):
            slots = self._slots.read()
            slot = next((one for one, it in slots.items() if digest_of(it)[:12] == name), None)
            if slot is None:
                return
            if slot in used():
                raise BadInput(
                    f"{name} has traffic, or is the champion",
                    where=self._slots.place(slot),
                    fix="roll its release back first",
                )
            if self._written(slots[slot], None):
                return
        raise self._contended()

    def _assigned(self, model: Deployment, used: Callable[[], Set[str]]) -> str:
        """The slot that is to serve the model, once it is written there."""
        for _ in range(_ATTEMPTS):
            slots = self._slots.read()
            slot = slot_for(model.digest, slots, used(), self._slots.where)
            manifest = slots[slot]
            if manifest is not None and (digest_of(manifest), storage_of(manifest)) == (
                model.digest,
                model.storage_uri,
            ):
                return slot
            if self._written(manifest, model):
                self._require_free(slot, manifest, used)
                return slot
        raise self._contended()

    def _require_free(
        self, slot: str, before: Mapping[str, Any] | None, used: Callable[[], Set[str]]
    ) -> None:
        """Give a slot back that got traffic while it was written: its old pods still answer.

        Raises:
            BadInput: it was given back.
        """
        if slot not in used():
            return
        self._written(self._slots.read()[slot], assigned(before))
        raise BadInput(
            f"the model that it served until now got traffic meanwhile: {digest_of(before)[:12]}",
            where=self._slots.place(slot),
            fix="let one release end before another begins",
        )

    def _written(self, manifest: Mapping[str, Any] | None, model: Deployment | None) -> bool:
        """Write a model, or none, into a slot; False where the slot changed meanwhile."""
        assert manifest is not None
        wanted = model.storage_uri if model else ""
        try:
            found = self._slots.cluster.apply(INFERENCE_SERVICE, _assignment(manifest, model))
        except Stale:
            time.sleep(_PAUSE_SECONDS)
            return False
        if storage_of(found) != wanted:
            raise BadInput(
                f"storageUri stays {storage_of(found)}, which somebody else writes too",
                where=self._slots.place(found["metadata"]["name"]),
                fix="leave storageUri out of the manifest that is applied there",
            )
        return True

    def _await_ready(self, slot: str, digest: str) -> None:
        last = Readiness(False, "nothing is known of it")

        def ready(deployment: Mapping[str, Any] | None) -> bool:
            nonlocal last
            last = self._slots.readiness(slot, deployment, digest)
            if last.taken:
                raise BadInput(
                    f"{last.taken[:12]} was deployed there meanwhile, in place of {digest[:12]}",
                    where=self._slots.place(slot),
                    fix="let one release end before another begins",
                )
            if last.hopeless:
                raise BadInput(
                    f"{digest[:12]} does not become ready: {last.why}",
                    where=self._slots.place(slot),
                )
            return last.ready

        try:
            self._slots.cluster.await_(
                DEPLOYMENT,
                self._slots.namespace,
                predictor(slot),
                ready,
                self._ready_seconds,
                f"{slot} is ready",
                every=_LOOK_SECONDS,
            )
        except Unavailable as error:
            if last.ready:
                raise
            raise Unavailable(
                f"{digest[:12]} is not ready after {self._ready_seconds:g} seconds: {last.why}",
                where=self._slots.place(slot),
                fix=error.fix,
            ) from None

    def _await_answer(self, backend: Backend) -> None:
        """Probe; for a while, because a Service learns of a ready pod a little later."""
        deadline = time.monotonic() + self._probe_seconds
        while True:
            try:
                self._slots.probe(backend)
            except BadInput:
                if time.monotonic() > deadline:
                    raise
                time.sleep(min(_PROBE_PAUSE_SECONDS, self._probe_seconds / 4))
            else:
                return

    def _contended(self) -> Unavailable:
        return Unavailable("others change the slots all the time", where=self._slots.where)


def _assignment(manifest: Mapping[str, Any], model: Deployment | None) -> dict[str, Any]:
    try:
        return assignment(manifest, model)
    except ImportError as error:
        raise BadInput(
            f"models cannot be deployed from here ({error})",
            fix="run it in the environment 'core', which has the kserve SDK",
        ) from None
