"""How a registered version comes to be served on a cluster, and is tried."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from phasegate.errors import BadInput, Unavailable
from phasegate.models import Model
from phasegate.monitoring.reference import FOLDER, SAMPLE
from phasegate.registry.models import connect
from phasegate.registry.publishing import publish
from phasegate.release.drivers.world import World
from phasegate.release.record import ModelVersion
from phasegate.serving.client import ServingFailure
from phasegate.serving.trial import Trial
from phasegate.traffic.addresses import ClusterTarget
from phasegate.traffic.kserve.slots import Deployment
from phasegate.traffic.plan import Backend

_TRIAL_SECONDS = 60.0  # a pod that is ready may take a moment to be in every node's tables
_PAUSE_SECONDS = 0.5

Progress = Callable[[float, str], Any]


class Serving:
    """Fetches, publishes, deploys and tries; remembers what it did, for the verdict.

    Args:
        world: whose target is a cluster's.
        models: where servers fetch models from.
        scratch: folder for the files.
        progress: told how far it is.

    Attributes:
        address: of the files; empty before they are there.
        trial: what the model answered rightly; None before it did.
    """

    def __init__(self, world: World, models: str, scratch: Path, progress: Progress) -> None:
        self._target, self._name = cast(ClusterTarget, world.target), world.model
        self._models, self._scratch, self._progress = models, scratch, progress
        self.address = ""
        self.trial: Trial | None = None

    def deploy(self, version: ModelVersion) -> Backend:
        """Serve a version, and return once it answers rows as its files do.

        Raises:
            BadInput: its files are not those that were registered, or the cluster refuses it.
            Unavailable: something did not answer in time, or the model answers otherwise.
        """
        registry = connect()
        self._progress(0.1, f"fetching {version.reference} from the registry")
        folder = registry.download(registry.resolve(version.reference), self._scratch / "fetched")
        model = Model.load(folder / "model", version.digest)
        sample = folder / FOLDER / SAMPLE
        trial = Trial.of(model, sample if sample.is_file() else None)

        self._progress(0.3, "copying it to where servers fetch models from")
        back = self._scratch / "back"
        self.address = publish(folder, version.digest, self._models, back)

        self._progress(0.4, f"waiting for a slot that serves {version.slot}")
        backend = self._target.deploy(
            Deployment(self._name, version.reference, version.digest, self.address)
        )
        self._progress(0.9, f"asking it {len(trial.rows)} rows")
        _await_answers(trial, backend)
        self.trial = trial
        return backend


def _await_answers(trial: Trial, backend: Backend) -> None:
    deadline = time.monotonic() + _TRIAL_SECONDS
    while True:
        try:
            trial.ask(backend.address, backend.model)
            return
        except (ServingFailure, BadInput) as error:
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"it is ready, and does not answer as its files do ({error})",
                    where=f"{backend.name} at {backend.address}",
                    fix="look at the slot's pods; nothing was started, and no traffic moved",
                ) from None
        time.sleep(_PAUSE_SECONDS)
