"""The two slots of a model: who serves what, and how a model gets into one and out of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Set
from typing import Any

from phasegate.errors import BadInput, Unavailable
from phasegate.kubernetes.cluster import Cluster, Manifest, Stale
from phasegate.kubernetes.kinds import DEPLOYMENT, INFERENCE_SERVICE, POD
from phasegate.traffic.kserve.readiness import Readiness, answers, answers_alone, readiness
from phasegate.traffic.kserve.slots import (
    Deployment,
    assignment,
    digest_of,
    predictor,
    slot_backend,
    slot_for,
    slot_names,
    storage_of,
)
from phasegate.traffic.plan import Backend

Probe = Callable[[Backend], None]

_ATTEMPTS = 20
_PAUSE_SECONDS = 0.05
_PROBE_PAUSE_SECONDS = 0.5


class Slots:
    """The slots of a model on a cluster.

    Args:
        cluster: where they are.
        namespace: that they are in.
        name: of the model.
        probe: asks a model something real; raises where it does not answer.
        ready_seconds: for how long a model may take to become ready.
        probe_seconds: for how long one that is ready may take to answer.
        domain: of the cluster's names.
    """

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        name: str,
        *,
        probe: Probe,
        ready_seconds: float,
        probe_seconds: float,
        domain: str,
    ) -> None:
        self._cluster, self._namespace, self._name = cluster, namespace, name
        self._probe, self._domain = probe, domain
        self._ready_seconds, self._probe_seconds = ready_seconds, probe_seconds
        self._where = f"slots of {namespace}/{name}"

    def read(self) -> dict[str, Manifest | None]:
        """Both slots by their names; None for one that is not there."""
        return {
            slot: self._cluster.get(INFERENCE_SERVICE, self._namespace, slot)
            for slot in slot_names(self._name)
        }

    def backend_in(self, slot: str, manifest: Mapping[str, Any] | None) -> Backend:
        """A slot as plans name it, whatever it serves."""
        digest = digest_of(manifest) or slot.replace(".", "-")
        return slot_backend(slot, self._namespace, digest, self._name, self._domain)

    def backend(self, name: str) -> Backend | None:
        """Who serves the model of a digest's first 12 digits, ready; None where nobody does."""
        for slot, manifest in self.read().items():
            digest = digest_of(manifest)
            if digest[:12] == name and answers_alone(self._deployment(slot), digest):
                return self.backend_in(slot, manifest)
        return None

    def answers(self, backend: Backend) -> bool:
        """Whether a backend has a pod that answers with its model."""
        for slot, manifest in self.read().items():
            digest = digest_of(manifest)
            if digest[:12] == backend.name:
                return answers(self._deployment(slot), digest)
        return False

    def served(self) -> set[str]:
        """First 12 digits of the digests of what is served now."""
        return {digest_of(manifest)[:12] for manifest in self.read().values()} - {""}

    def require_answer(self, backend: Backend, *, probed: bool) -> None:
        """Check that a backend is ready, and that it answers a request.

        Args:
            probed: whether it has answered one already.

        Raises:
            BadInput: why not; nothing was changed.
        """
        for slot, manifest in self.read().items():
            digest = digest_of(manifest)
            if digest[:12] == backend.name:
                found = self._readiness(slot, self._deployment(slot), digest)
                if not found.ready:
                    raise BadInput(
                        f"{backend.name} gets no traffic yet: {found.why}",
                        where=self._place(slot),
                    )
                if self.backend_in(slot, manifest).address != backend.address:
                    break
                if not probed:
                    self._probe(backend)
                return
        raise BadInput(
            f"nobody serves {backend.name} at {backend.address}",
            where=self._where,
            fix="deploy its model first",
        )

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
        backend = slot_backend(slot, self._namespace, model.digest, self._name, self._domain)
        self._await_answer(backend)
        after = self._readiness(slot, self._deployment(slot), model.digest)
        if not after.ready:
            raise Unavailable(
                f"{model.slot} answered, and then it was no longer ready: {after.why}",
                where=self._place(slot),
            )
        return backend

    def withdraw(self, name: str, used: Callable[[], Set[str]]) -> None:
        """Let the slot that serves a model become idle; none is none.

        Raises:
            BadInput: it has traffic, or the cluster refuses.
        """
        for _ in range(_ATTEMPTS):
            slots = self.read()
            slot = next((one for one, it in slots.items() if digest_of(it)[:12] == name), None)
            if slot is None:
                return
            if slot in used():
                raise BadInput(
                    f"{name} has traffic, or is the champion",
                    where=self._place(slot),
                    fix="roll its release back first",
                )
            if self._written(slots[slot], None):
                return
        raise self._contended()

    def _assigned(self, model: Deployment, used: Callable[[], Set[str]]) -> str:
        """The slot that is to serve the model, once it is written there."""
        for _ in range(_ATTEMPTS):
            slots = self.read()
            slot = slot_for(model.digest, slots, used(), self._where)
            manifest = slots[slot]
            if manifest is not None and (digest_of(manifest), storage_of(manifest)) == (
                model.digest,
                model.storage_uri,
            ):
                return slot
            if self._written(manifest, model):
                return slot
        raise self._contended()

    def _written(self, manifest: Mapping[str, Any] | None, model: Deployment | None) -> bool:
        """Write a model, or none, into a slot; False where the slot changed meanwhile."""
        assert manifest is not None
        wanted = model.storage_uri if model else ""
        try:
            found = self._cluster.apply(INFERENCE_SERVICE, _assignment(manifest, model))
        except Stale:
            time.sleep(_PAUSE_SECONDS)
            return False
        if storage_of(found) != wanted:
            raise BadInput(
                f"storageUri stays {storage_of(found)}, which somebody else writes too",
                where=self._place(found["metadata"]["name"]),
                fix="leave storageUri out of the manifest that is applied there",
            )
        return True

    def _await_ready(self, slot: str, digest: str) -> None:
        last = Readiness(False, "nothing is known of it")

        def ready(deployment: Mapping[str, Any] | None) -> bool:
            nonlocal last
            last = self._readiness(slot, deployment, digest)
            if last.hopeless:
                raise BadInput(
                    f"{digest[:12]} does not become ready: {last.why}", where=self._place(slot)
                )
            return last.ready

        try:
            self._cluster.await_(
                DEPLOYMENT, self._namespace, predictor(slot), ready, self._ready_seconds, ""
            )
        except Unavailable as error:
            if last.ready:
                raise
            raise Unavailable(
                f"{digest[:12]} is not ready after {self._ready_seconds:g} seconds: {last.why}",
                where=self._place(slot),
                fix=error.fix,
            ) from None

    def _await_answer(self, backend: Backend) -> None:
        """Probe; for a while, because a Service learns of a ready pod a little later."""
        deadline = time.monotonic() + self._probe_seconds
        while True:
            try:
                self._probe(backend)
            except BadInput:
                if time.monotonic() > deadline:
                    raise
                time.sleep(min(_PROBE_PAUSE_SECONDS, self._probe_seconds / 4))
            else:
                return

    def _readiness(self, slot: str, deployment: Mapping[str, Any] | None, digest: str) -> Readiness:
        manifest = self._cluster.get(INFERENCE_SERVICE, self._namespace, slot)
        found = readiness(manifest, deployment, (), digest)
        if found.ready or (found.hopeless and manifest is None):
            return found
        return readiness(manifest, deployment, self._pods(slot), digest)

    def _pods(self, slot: str) -> list[Manifest]:
        """A slot's pods, which only explain: none where they may not be seen."""
        label = f"serving.kserve.io/inferenceservice={slot}"
        try:
            return self._cluster.list(POD, self._namespace, label)
        except BadInput:
            return []

    def _deployment(self, slot: str) -> Manifest | None:
        return self._cluster.get(DEPLOYMENT, self._namespace, predictor(slot))

    def _place(self, slot: str) -> str:
        return f"InferenceService {self._namespace}/{slot}"

    def _contended(self) -> Unavailable:
        return Unavailable("others change the slots all the time", where=self._where)


def _assignment(manifest: Mapping[str, Any], model: Deployment | None) -> dict[str, Any]:
    try:
        return assignment(manifest, model)
    except ImportError as error:
        raise BadInput(
            f"models cannot be deployed from here ({error})",
            fix="run it in the environment 'core', which has the kserve SDK",
        ) from None
