"""The two slots of a model as they are: who serves what, and whether it can answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from phasegate.errors import BadInput
from phasegate.kubernetes.cluster import Cluster, Manifest
from phasegate.kubernetes.kinds import DEPLOYMENT, INFERENCE_SERVICE, POD
from phasegate.traffic.kserve.readiness import Readiness, answers, answers_alone, readiness
from phasegate.traffic.kserve.slots import digest_of, predictor, slot_backend, slot_names
from phasegate.traffic.plan import Backend

Probe = Callable[[Backend], None]


class Slots:
    """The slots of a model on a cluster.

    Args:
        cluster: where they are.
        namespace: that they are in.
        name: of the model.
        probe: asks a model something real; raises where it does not answer.
        domain: of the cluster's names.
    """

    def __init__(
        self, cluster: Cluster, namespace: str, name: str, *, probe: Probe, domain: str
    ) -> None:
        self.cluster, self.namespace, self.probe = cluster, namespace, probe
        self._name, self._domain = name, domain
        self.where = f"slots of {namespace}/{name}"

    def read(self) -> dict[str, Manifest | None]:
        """Both slots by their names; None for one that is not there."""
        return {
            slot: self.cluster.get(INFERENCE_SERVICE, self.namespace, slot)
            for slot in slot_names(self._name)
        }

    def backend_in(self, slot: str, manifest: Mapping[str, Any] | None) -> Backend:
        """A slot as plans name it, whatever it serves."""
        return self.backend_of(slot, digest_of(manifest) or slot)

    def backend_of(self, slot: str, digest: str) -> Backend:
        """A slot with a model, as plans name it."""
        return slot_backend(slot, self.namespace, digest, self._name, self._domain)

    def backend(self, name: str) -> Backend | None:
        """Who serves the model of a digest's first 12 digits, ready; None where nobody does."""
        for slot, manifest in self.read().items():
            digest = digest_of(manifest)
            if digest[:12] == name and answers_alone(self.deployment(slot), digest):
                return self.backend_in(slot, manifest)
        return None

    def answers(
        self, backend: Backend, slots: Mapping[str, Mapping[str, Any] | None] | None = None
    ) -> bool:
        """Whether a backend has a pod that answers with its model.

        Args:
            slots: as they were read just now; None reads them.
        """
        for slot, manifest in (self.read() if slots is None else slots).items():
            digest = digest_of(manifest)
            if digest[:12] == backend.name:
                return answers(self.deployment(slot), digest)
        return False

    def require_served(self, backends: Sequence[Backend]) -> None:
        """Check that backends still are what the slots are to serve.

        Raises:
            BadInput: another model was deployed there.
        """
        if backends and (gone := {one.name for one in backends} - self.served()):
            raise BadInput(
                f"another model was deployed in place of {', '.join(sorted(gone))} meanwhile",
                where=self.where,
                fix="let one release end before another begins",
            )

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
                found = self.readiness(slot, self.deployment(slot), digest)
                if not found.ready:
                    raise BadInput(
                        f"{backend.name} gets no traffic yet: {found.why}",
                        where=self.place(slot),
                    )
                if self.backend_in(slot, manifest).address != backend.address:
                    break
                if not probed:
                    self.probe(backend)
                return
        raise BadInput(
            f"nobody serves {backend.name} at {backend.address}",
            where=self.where,
            fix="deploy its model first",
        )

    def readiness(self, slot: str, deployment: Mapping[str, Any] | None, digest: str) -> Readiness:
        manifest = self.cluster.get(INFERENCE_SERVICE, self.namespace, slot)
        found = readiness(manifest, deployment, (), digest)
        if found.ready or (found.hopeless and manifest is None):
            return found
        return readiness(manifest, deployment, self._pods(slot), digest)

    def _pods(self, slot: str) -> list[Manifest]:
        """A slot's pods, which only explain: none where they may not be seen."""
        label = f"serving.kserve.io/inferenceservice={slot}"
        try:
            return self.cluster.list(POD, self.namespace, label)
        except BadInput:
            return []

    def deployment(self, slot: str) -> Manifest | None:
        """A slot's Deployment, which KServe makes."""
        return self.cluster.get(DEPLOYMENT, self.namespace, predictor(slot))

    def place(self, slot: str) -> str:
        """A slot, for messages."""
        return f"InferenceService {self.namespace}/{slot}"
