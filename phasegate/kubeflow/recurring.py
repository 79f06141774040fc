"""Recurring runs, as a backend keeps them: never changed, only made, switched and deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from phasegate.kubeflow.connection import Connection, or_none
from phasegate.kubeflow.filters import predicates
from phasegate.kubeflow.objects import Recurring
from phasegate.kubeflow.reading import recurring_of

_IN_FLIGHT = ("PENDING", "RUNNING", "CANCELING", "PAUSED", "RUNTIME_STATE_UNSPECIFIED")


class RecurringRuns:
    """Recurring runs; errors as those of `phasegate.kubeflow.pipelines.Pipelines`.

    Args:
        connection: to the backend.
        namespace: tells whose they are.
    """

    def __init__(self, connection: Connection, namespace: Callable[[], str]) -> None:
        self._connection, self._namespace = connection, namespace
        self._service = connection.service("RecurringRunServiceApi")
        self._runs = connection.service("RunServiceApi")

    def create(
        self,
        name: str,
        *,
        pipeline_id: str,
        cron: str,
        version_id: str | None = None,
        experiment_id: str = "",
        zone: str = "",
        catchup: bool = False,
        max_concurrency: int = 1,
        enabled: bool = True,
        parameters: Mapping[str, Any] | None = None,
        description: str = "",
        service_account: str = "",
    ) -> Recurring:
        """Make a recurring run. Names are not unique.

        Args:
            cron: six fields, the first of which are seconds, in the backend's time zone.
            version_id: of the pipeline; None follows its latest.
            zone: that the schedule is meant in; it is kept as a mark in the description, for the
                backend knows none.
            max_concurrency: 1 to 10.

        Raises:
            Unclear: the answer was lost; list what is there.
            BadInput: the pipeline is not there, or the backend refuses cron or parameters.
        """
        make = self._connection.model
        marks = f"{description} zone:{zone}".strip() if zone else description
        body = make(
            "V2beta1RecurringRun",
            display_name=name,
            description=marks or None,
            experiment_id=experiment_id or None,
            pipeline_version_reference=make(
                "V2beta1PipelineVersionReference",
                pipeline_id=pipeline_id,
                pipeline_version_id=version_id,
            ),
            runtime_config=make("V2beta1RuntimeConfig", parameters=dict(parameters or {})),
            trigger=make("V2beta1Trigger", cron_schedule=make("V2beta1CronSchedule", cron=cron)),
            mode="ENABLE" if enabled else "DISABLE",
            no_catchup=not catchup,
            max_concurrency=str(max_concurrency),
            service_account=service_account or None,
        )
        method = self._service.recurring_run_service_create_recurring_run
        where, of = f"recurring run {name}", f"pipeline {pipeline_id}"
        return recurring_of(self._connection.made(method, body, where=where, of=of))

    def get(self, recurring_id: str) -> Recurring | None:
        """A recurring run; None where there is none."""
        method = self._service.recurring_run_service_get_recurring_run
        where = f"recurring run {recurring_id}"
        found = or_none(lambda: self._connection.call(method, recurring_id, where=where))
        return recurring_of(found) if found else None

    def list(
        self, *, experiment_id: str = "", sort_by: str = "created_at", **wanted: object
    ) -> Iterator[Recurring]:
        """All recurring runs, page by page, oldest first.

        Args:
            experiment_id: only those there.
            wanted: as `phasegate.kubeflow.filters.predicates` has it; fields are ``name``,
                ``description`` and more.
        """
        rows = self._connection.pages(
            self._service.recurring_run_service_list_recurring_runs,
            items="recurringRuns",
            where="recurring runs",
            namespace="" if experiment_id else self._namespace(),
            experiment_id=experiment_id,
            sort_by=sort_by,
            filter=predicates(wanted),
        )
        return map(recurring_of, rows)

    def enable(self, recurring_id: str) -> bool:
        """Switch on; whether it is there. Twice does no harm."""
        return self._switch(self._service.recurring_run_service_enable_recurring_run, recurring_id)

    def disable(self, recurring_id: str) -> bool:
        """Switch off; whether it is there. Runs in flight go on."""
        return self._switch(self._service.recurring_run_service_disable_recurring_run, recurring_id)

    def in_flight(self, recurring: Recurring) -> int:
        """How many of its runs have not ended."""
        rows = self._connection.pages(
            self._runs.run_service_list_runs,
            items="runs",
            where=f"runs of {recurring.name}",
            experiment_id=recurring.experiment_id,
            filter=predicates({"recurring_run_id": recurring.id, "state__in": _IN_FLIGHT}),
        )
        return sum(1 for _ in rows)

    def delete(self, recurring_id: str) -> None:
        """Remove a recurring run, which kills its runs in flight; one that is not there is none."""
        method = self._service.recurring_run_service_delete_recurring_run
        where = f"recurring run {recurring_id}"
        or_none(lambda: self._connection.call(method, recurring_id, where=where))

    def _switch(self, method: Callable[..., Any], recurring_id: str) -> bool:
        where = f"recurring run {recurring_id}"
        return or_none(lambda: self._connection.call(method, recurring_id, where=where)) is not None
