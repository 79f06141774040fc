"""Experiments and runs, as a backend keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from phasegate.kubeflow.connection import Connection, or_none
from phasegate.kubeflow.filters import predicates
from phasegate.kubeflow.objects import Experiment, Run
from phasegate.kubeflow.reading import experiment_of, run_of


class Experiments:
    """Experiments; errors as those of `phasegate.kubeflow.pipelines.Pipelines`.

    Args:
        connection: to the backend.
        namespace: tells whose they are.
    """

    def __init__(self, connection: Connection, namespace: Callable[[], str]) -> None:
        self._connection, self._namespace = connection, namespace
        self._service = connection.service("ExperimentServiceApi")

    def create(self, name: str, description: str = "") -> Experiment:
        """Make an experiment.

        Raises:
            Exists: there is one of that name.
        """
        body = self._connection.model(
            "V2beta1Experiment",
            display_name=name,
            description=description,
            namespace=self._namespace() or None,
        )
        method = self._service.experiment_service_create_experiment
        return experiment_of(self._connection.call(method, body, where=f"experiment {name}"))

    def get(self, experiment_id: str) -> Experiment | None:
        """An experiment; None where there is none."""
        method = self._service.experiment_service_get_experiment
        where = f"experiment {experiment_id}"
        found = or_none(lambda: self._connection.call(method, experiment_id, where=where))
        return experiment_of(found) if found else None

    def named(self, name: str) -> Experiment | None:
        """The experiment of a name; None where there is none."""
        return next((one for one in self.list(name=name) if one.name == name), None)

    def list(self, *, sort_by: str = "created_at", **wanted: object) -> Iterator[Experiment]:
        """All experiments, page by page."""
        rows = self._connection.pages(
            self._service.experiment_service_list_experiments,
            items="experiments", where="experiments", namespace=self._namespace(),
            sort_by=sort_by, filter=predicates(wanted),
        )  # fmt: skip
        return map(experiment_of, rows)

    def delete(self, experiment_id: str) -> None:
        """Remove an experiment with its runs; one that is not there is none."""
        method = self._service.experiment_service_delete_experiment
        where = f"experiment {experiment_id}"
        or_none(lambda: self._connection.call(method, experiment_id, where=where))


class Runs:
    """Runs; errors as those of `phasegate.kubeflow.pipelines.Pipelines`.

    Args:
        connection: to the backend.
        namespace: tells whose they are.
    """

    def __init__(self, connection: Connection, namespace: Callable[[], str]) -> None:
        self._connection, self._namespace = connection, namespace
        self._service = connection.service("RunServiceApi")

    def create(
        self,
        name: str,
        *,
        pipeline_id: str,
        version_id: str | None = None,
        experiment_id: str = "",
        parameters: Mapping[str, Any] | None = None,
        service_account: str = "",
        description: str = "",
    ) -> Run:
        """Start a run.

        Names are not unique, and the backend has no key by which it would know a request again.

        Args:
            version_id: of the pipeline; None takes its latest.
            experiment_id: where; empty is the backend's default.

        Raises:
            Unclear: the answer was lost; look for the name.
            BadInput: the pipeline is not there, or the parameters are not its own.
        """
        make = self._connection.model
        body = make(
            "V2beta1Run",
            display_name=name,
            description=description or None,
            experiment_id=experiment_id or None,
            pipeline_version_reference=make(
                "V2beta1PipelineVersionReference",
                pipeline_id=pipeline_id,
                pipeline_version_id=version_id,
            ),
            runtime_config=make("V2beta1RuntimeConfig", parameters=dict(parameters or {})),
            service_account=service_account or None,
        )
        method = self._service.run_service_create_run
        return run_of(
            self._connection.made(method, body, where=f"run {name}", of=f"pipeline {pipeline_id}")
        )

    def get(self, run_id: str) -> Run | None:
        """A run with its tasks; None where there is none."""
        method = self._service.run_service_get_run
        found = or_none(lambda: self._connection.call(method, run_id, where=f"run {run_id}"))
        return run_of(found) if found else None

    def list(
        self, *, experiment_id: str = "", sort_by: str = "created_at desc", **wanted: object
    ) -> Iterator[Run]:
        """All runs, page by page, newest first, without their tasks.

        Args:
            experiment_id: only those there.
            wanted: as `phasegate.kubeflow.filters.predicates` has it; fields are ``name``,
                ``state``, ``storage_state`` and more.
        """
        rows = self._connection.pages(
            self._service.run_service_list_runs,
            items="runs",
            where="runs",
            namespace="" if experiment_id else self._namespace(),
            experiment_id=experiment_id,
            sort_by=sort_by,
            filter=predicates(wanted),
        )
        return map(run_of, rows)

    def terminate(self, run_id: str) -> None:
        """Stop a run."""
        method = self._service.run_service_terminate_run
        self._connection.made(method, run_id, where=f"run {run_id}", once=False)

    def delete(self, run_id: str) -> None:
        """Remove a run's record; one that is not there is none."""
        method = self._service.run_service_delete_run
        or_none(lambda: self._connection.call(method, run_id, where=f"run {run_id}"))
