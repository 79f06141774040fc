"""What a backend has of an owner's schedules, and the few things that are done there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from phasegate.errors import BadInput
from phasegate.kubeflow.answers import Unclear
from phasegate.kubeflow.api import Kubeflow
from phasegate.kubeflow.objects import Recurring
from phasegate.kubeflow.submitting import experiment_named, upload
from phasegate.scheduling.declaration import LATEST, Schedule, Wanted, mark_of, marked
from phasegate.scheduling.plan import Catalog, Observed, surplus

_AT_ONCE = 8
_UNIQUE = 12  # digits that a version is found by


class Backend:
    """An owner's schedules on a backend. Methods raise as those of `Kubeflow` do.

    Args:
        kubeflow: the backend.
        owner: name of the set of schedules.
    """

    def __init__(self, kubeflow: Kubeflow, owner: str) -> None:
        self._kubeflow, self._owner = kubeflow, owner

    def catalog(self, schedules: Iterable[Schedule]) -> Catalog:
        """Identifiers of what schedules name, as far as it is there."""
        pipelines: dict[str, str] = {}
        versions: dict[tuple[str, str], str] = {}
        experiments: dict[str, str] = {}
        for name, wanted in _by_pipeline(schedules).items():
            if not (pipeline := self._kubeflow.pipelines.named(name)):
                continue
            pipelines[name] = pipeline.id
            for one in wanted:
                if found := self._version(pipeline.id, one):
                    versions[pipeline.id, one.version] = found
        for name in dict.fromkeys(one.experiment for one in schedules):
            if experiment := self._kubeflow.experiments.named(name):
                experiments[name] = experiment.id
        return Catalog(pipelines, versions, experiments)

    def publish(self, schedules: Sequence[Schedule]) -> Catalog:
        """The catalog, after what is absent was uploaded or made.

        Raises:
            BadInput: a version is pinned that is neither there nor that of the compiled file.
        """
        found = self.catalog(schedules)
        for name, wanted in _by_pipeline(schedules).items():
            for one in wanted:
                pipeline_id = found.pipelines.get(name, "")
                if (pipeline_id, one.version) in found.versions:
                    continue
                if one.version not in (LATEST, one.compiled.digest):
                    raise BadInput(
                        f"pipeline {name} has no version {one.version[:_UNIQUE]} on the backend",
                        where=f"schedule {one.name} (line {one.line})",
                        fix="submit that version, or pin another",
                    )
                upload(self._kubeflow, one.compiled, prefix=one.prefix)
        for name in dict.fromkeys(one.experiment for one in schedules):
            if name not in found.experiments:
                experiment_named(self._kubeflow, name)
        return self.catalog(schedules)

    def recurring(self) -> list[Recurring]:
        """All recurring runs of the owner, oldest first."""
        found = self._kubeflow.recurring.list(description__contains=marked(self._owner))
        return [
            one for one in found if (mark := mark_of(one.description)) and mark.owner == self._owner
        ]

    def observe(self, declared: Sequence[Wanted], catalog: Catalog) -> tuple[Observed, ...]:
        """All recurring runs of the owner; runs in flight are counted where it matters."""
        found = [Observed(one) for one in self.recurring()]
        counted = self.in_flight([
            one for one in surplus(declared, found, catalog) if not one.enabled
        ])  # fmt: skip
        return tuple(Observed(one.recurring, counted.get(one.recurring.id)) for one in found)

    def in_flight(self, recurring: Sequence[Recurring]) -> dict[str, int]:
        """How many runs have not ended, by identifier of the recurring run."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            counts = list(pool.map(self._kubeflow.recurring.in_flight, recurring))
        return {one.id: count for one, count in zip(recurring, counts, strict=True)}

    def create(self, wanted: Wanted, enabled: bool, catalog: Catalog) -> None:
        """Make a recurring run; after an answer that was lost, who lists next sees whether."""
        one = wanted.schedule
        pipeline_id = catalog.pipelines[one.pipeline]
        pinned = None if one.version == LATEST else catalog.versions[pipeline_id, one.version]
        try:
            self._kubeflow.recurring.create(
                wanted.title,
                pipeline_id=pipeline_id,
                version_id=pinned,
                experiment_id=catalog.experiments[one.experiment],
                cron=wanted.cron.text,
                catchup=one.catch_up,
                max_concurrency=one.max_concurrency,
                enabled=enabled,
                parameters=one.parameters,
                description=wanted.description,
                service_account=one.service_account,
            )
        except Unclear:
            return
        except BadInput as error:
            raise BadInput(
                error.what, where=f"schedule {one.name} (line {one.line})", fix=error.fix
            ) from None

    def switch(self, recurring: Recurring, *, on: bool) -> None:
        """Switch a recurring run; one that is gone is left gone."""
        if on:
            self._kubeflow.recurring.enable(recurring.id)
        else:
            self._kubeflow.recurring.disable(recurring.id)

    def delete(self, recurring: Recurring) -> bool:
        """Delete a recurring run that is off and has no run in flight; whether it was so.

        Every run is looked at, whatever its state is called: deleting would kill it.
        """
        now = self._kubeflow.recurring.get(recurring.id)
        if now is None:
            return True
        runs = self._kubeflow.runs.list(
            experiment_id=recurring.experiment_id, recurring_run_id=recurring.id
        )
        if now.enabled or not all(one.ended for one in runs):
            return False
        self._kubeflow.recurring.delete(recurring.id)
        return True

    def _version(self, pipeline_id: str, one: Schedule) -> str | None:
        """Identifier of the version that is wanted, if it is there; of `LATEST`, any."""
        versions = self._kubeflow.versions
        if one.version == LATEST:
            newest = versions.latest(pipeline_id)
            return newest.id if newest else None
        if one.version == one.compiled.digest:
            found = versions.named(pipeline_id, one.compiled.version_name)
            return found.id if found else None
        short = one.version[:_UNIQUE]
        for version in versions.list(pipeline_id, name__contains=short):
            if (version.digest or version.name.rpartition("-")[2]).startswith(one.version):
                return version.id
        return None


def _by_pipeline(schedules: Iterable[Schedule]) -> dict[str, list[Schedule]]:
    """One schedule for each version that is wanted, by the pipeline's name on the backend."""
    found: dict[str, dict[str, Schedule]] = {}
    for one in schedules:
        found.setdefault(one.pipeline, {}).setdefault(one.version, one)
    return {name: list(versions.values()) for name, versions in found.items()}
