"""Recurring runs: made, listed, switched on and off, deleted; never updated."""

from __future__ import annotations

import re

from tests.kubeflow.fake.listing import Listable, page
from tests.kubeflow.fake.parameters import check
from tests.kubeflow.fake.refusals import Refused, invalid
from tests.kubeflow.fake.requests import Call
from tests.kubeflow.fake.runs import FINAL, Runs
from tests.kubeflow.fake.store import Object, Store
from tests.kubeflow.fake.types import states

_RECURRING = Listable(
    "recurring_run_id",
    {
        "id": "recurring_run_id",
        "recurring_run_id": "recurring_run_id",
        "name": "display_name",
        "display_name": "display_name",
        "created_at": "created_at",
        "updated_at": "updated_at",
        "description": "description",
    },
)
_FIELD = re.compile(r"[0-9A-Za-z*?/,\-]+")
_LARGEST = (59, 59, 23, 31, 12, 7)  # second, minute, hour, day, month, day of the week


class Recurring:
    """Answers about recurring runs, by the names that ``kfp_server_api`` gives them."""

    def __init__(self, store: Store, runs: Runs) -> None:
        self._store, self._runs = store, runs

    def recurring_run_service_create_recurring_run(self, call: Call) -> Object:
        body = call.body
        if not body.get("display_name"):
            raise invalid("Recurring run name is empty. Please specify a valid name")
        if not 1 <= int(body.get("max_concurrency", "0")) <= 10:
            raise invalid(
                "Max concurrency of a recurring run must be at least 1 and at most 10. Received"
                f" {body.get('max_concurrency', '0')}"
            )
        if body.get("mode", "MODE_UNSPECIFIED") == "MODE_UNSPECIFIED":
            raise invalid("recurring run's mode is neither ENABLE nor DISABLE")
        _check_trigger(body.get("trigger", {}))
        experiment = self._runs.experiment(body)
        reference, spec = self._runs.pipeline(body)
        if reference is None and not body.get("pipeline_spec"):
            raise invalid("pipeline spec is empty")
        check(spec, body.get("runtime_config", {}).get("parameters", {}))
        now = self._store.now()
        on = body["mode"] == "ENABLE"
        made = {
            "recurring_run_id": self._store.id(),
            **{
                key: body[key]
                for key in (
                    "display_name", "description", "pipeline_version_reference", "pipeline_spec",
                    "runtime_config", "max_concurrency", "trigger", "no_catchup",
                )
                if key in body
            },
            "service_account": body.get("service_account", "pipeline-runner"),
            "mode": body["mode"],
            "status": "ENABLED" if on else "DISABLED",
            "created_at": now,
            "updated_at": now,
            "namespace": experiment["namespace"],
            "experiment_id": experiment["experiment_id"],
        }  # fmt: skip
        self._store.kinds["Job"][made["recurring_run_id"]] = made
        return made

    def recurring_run_service_get_recurring_run(self, call: Call) -> Object:
        return self._store.get("Job", call.path["recurring_run_id"])

    def recurring_run_service_list_recurring_runs(self, call: Call) -> Object:
        if name := call.query.get("experiment_id"):
            self._store.get("Experiment", name)
            found = [one for one in self._store.all("Job") if one["experiment_id"] == name]
        else:
            namespace = call.query.get("namespace", "")
            if self._store.multi_user and not namespace:
                raise invalid("A namespace is required in multi-user mode")
            found = self._store.in_namespace("Job", namespace)
        listed = page(_RECURRING, found, call.query)
        return {"recurringRuns": listed.pop("items"), **listed}

    def recurring_run_service_enable_recurring_run(self, call: Call) -> Object:
        return self._switch(call.path["recurring_run_id"], on=True)

    def recurring_run_service_disable_recurring_run(self, call: Call) -> Object:
        return self._switch(call.path["recurring_run_id"], on=False)

    def recurring_run_service_delete_recurring_run(self, call: Call) -> Object:
        name = call.path["recurring_run_id"]
        self._store.get("Job", name)
        policy = call.query.get("propagation_policy", "DELETE_PROPAGATION_POLICY_UNSPECIFIED")
        if policy not in states("V2beta1DeletePropagationPolicy"):
            raise invalid(f"parsing field propagation_policy: {policy} is not valid")
        del self._store.kinds["Job"][name]
        if policy != "ORPHAN":
            for run in self.in_flight(name):
                self._runs.move(run, "CANCELED", "its recurring run was deleted")
        return {}

    def in_flight(self, name: str) -> list[Object]:
        """Runs of a recurring run that have not ended."""
        return [
            one
            for one in self._store.all("Run")
            if one["recurring_run_id"] == name and one["state"] not in FINAL
        ]

    def trigger(self, name: str) -> Object | None:
        """Start a run as the schedule does when it is time.

        None: it is disabled, has as many runs in flight as it may, or its pipeline is gone.
        """
        job = self._store.get("Job", name)
        if job["mode"] != "ENABLE" or len(self.in_flight(name)) >= int(job["max_concurrency"]):
            return None
        try:
            return self._runs.new_run({**_as_run(job), "recurring_run_id": name})
        except Refused:
            return None

    def _switch(self, name: str, *, on: bool) -> Object:
        job = self._store.get("Job", name)
        job["mode"] = "ENABLE" if on else "DISABLE"
        job["status"] = "ENABLED" if on else "DISABLED"
        job["updated_at"] = self._store.now()
        return {}


def _as_run(job: Object) -> Object:
    kept = ("experiment_id", "pipeline_version_reference", "pipeline_spec", "runtime_config")
    return {"display_name": job["display_name"], **{key: job[key] for key in kept if key in job}}


def _check_trigger(trigger: Object) -> None:
    cron, periodic = trigger.get("cron_schedule"), trigger.get("periodic_schedule")
    if bool(cron) == bool(periodic):
        raise invalid("a recurring run has either a cron schedule or a period")
    if periodic and int(periodic.get("interval_second", "0")) < 1:
        raise invalid("Found invalid period schedule interval. Set at interval to least 1 second")
    if cron:
        _check_cron(cron.get("cron", ""))


def _check_cron(text: str) -> None:
    """Six fields, or five where the day of the week is left out; no time zone.

    That is what version 1.2 of robfig/cron reads, which the backend has.
    """
    words = text.split()
    if text.startswith("@"):
        return
    wrong = next((word for word in words if not _FIELD.fullmatch(word)), None)
    large = any(
        int(number) > most
        for word, most in zip(words, _LARGEST, strict=False)
        for number in re.findall(r"\d+", word.partition("/")[0])
    )
    if len(words) not in (5, 6) or wrong or large:
        raise invalid(
            "Schedule cron is not a supported format(https://godoc.org/github.com/robfig/cron)."
            f" Error: {text}"
        )
