"""Experiments and runs."""

from __future__ import annotations

from typing import Any

from tests.kubeflow.fake.listing import Listable, page
from tests.kubeflow.fake.parameters import check
from tests.kubeflow.fake.pipelines import Pipelines
from tests.kubeflow.fake.refusals import Refused, exists, invalid
from tests.kubeflow.fake.requests import Call
from tests.kubeflow.fake.store import Object, Store

FINAL = frozenset({"SUCCEEDED", "SKIPPED", "FAILED", "CANCELED"})
_FIELDS = {
    "name": "display_name",
    "display_name": "display_name",
    "description": "description",
    "created_at": "created_at",
    "storage_state": "storage_state",
}
_EXPERIMENTS = Listable("experiment_id", {**_FIELDS, "id": "experiment_id"})
_RUNS = Listable(
    "run_id",
    {
        **_FIELDS,
        "id": "run_id",
        "run_id": "run_id",
        "scheduled_at": "scheduled_at",
        "finished_at": "finished_at",
        "state": "state",
        "status": "state",
        "recurring_run_id": "recurring_run_id",
        "experiment_id": "experiment_id",
    },
)


class Runs:
    """Answers about experiments and runs, by the names that ``kfp_server_api`` gives them."""

    def __init__(self, store: Store, pipelines: Pipelines) -> None:
        self._store, self._pipelines = store, pipelines

    def experiment_service_create_experiment(self, call: Call) -> Object:
        name, namespace = call.body.get("display_name", ""), call.body.get("namespace", "")
        if not name:
            raise invalid("Experiment name is empty. Please specify a valid experiment name")
        if self._store.multi_user and not namespace:
            raise invalid("Experiment must have a namespace")
        return self.new_experiment(name, namespace, call.body.get("description", ""))

    def new_experiment(self, name: str, namespace: str = "", description: str = "") -> Object:
        """Make an experiment.

        Raises:
            Refused: 409, there is one of that name.
        """
        namespace = namespace if self._store.multi_user else ""
        for one in self._store.in_namespace("Experiment", namespace):
            if one["display_name"] == name:
                raise exists("experiment", name)
        now = self._store.now()
        made = {
            "experiment_id": self._store.id(),
            "display_name": name,
            "description": description,
            "created_at": now,
            "last_run_created_at": "1970-01-01T00:00:00Z",
            "namespace": namespace,
            "storage_state": "AVAILABLE",
        }
        self._store.kinds["Experiment"][made["experiment_id"]] = made
        return made

    def experiment_service_get_experiment(self, call: Call) -> Object:
        return self._store.get("Experiment", call.path["experiment_id"])

    def experiment_service_list_experiments(self, call: Call) -> Object:
        namespace = self._namespace(call)
        listed = page(_EXPERIMENTS, self._store.in_namespace("Experiment", namespace), call.query)
        return {"experiments": listed.pop("items"), **listed}

    def experiment_service_delete_experiment(self, call: Call) -> Object:
        name = call.path["experiment_id"]
        self._store.get("Experiment", name)
        for kind in ("Run", "Job"):
            for key, one in list(self._store.kinds[kind].items()):
                if one["experiment_id"] == name:
                    del self._store.kinds[kind][key]
        del self._store.kinds["Experiment"][name]
        return {}

    def run_service_create_run(self, call: Call) -> Object:
        if not call.body.get("display_name"):
            raise invalid("Run name is empty. Please specify a valid name")
        return self.new_run(call.body)

    def new_run(self, body: Object) -> Object:
        """Start a run of what the body refers to."""
        experiment = self.experiment(body)
        reference, spec = self.pipeline(body)
        check(spec, body.get("runtime_config", {}).get("parameters", {}))
        now = self._store.now()
        made = {
            "experiment_id": experiment["experiment_id"],
            "run_id": self._store.id(),
            "display_name": body["display_name"],
            "description": body.get("description", ""),
            "storage_state": "AVAILABLE",
            "pipeline_version_reference": reference,
            "pipeline_spec": None if reference else spec,
            "runtime_config": body.get("runtime_config"),
            "service_account": body.get("service_account", "pipeline-runner"),
            "created_at": now,
            "scheduled_at": now,
            "recurring_run_id": body.get("recurring_run_id", ""),
            "state": "PENDING",
            "state_history": [{"update_time": now, "state": "PENDING"}],
        }
        self._store.kinds["Run"][made["run_id"]] = made
        experiment["last_run_created_at"] = now
        return made

    def experiment(self, body: Object) -> Object:
        """The experiment that a body names, or the default one.

        Raises:
            Refused: 404.
        """
        if name := body.get("experiment_id"):
            return self._store.get("Experiment", name)
        if self._store.multi_user:
            raise invalid("experiment id cannot be empty in multi-user mode")
        return next(
            one for one in self._store.all("Experiment") if one["display_name"] == "Default"
        )

    def pipeline(self, body: Object) -> tuple[Object | None, Object]:
        """The version that a body refers to now, and what it says.

        Raises:
            Refused: 400 or 404.
        """
        if spec := body.get("pipeline_spec"):
            return None, spec
        reference = body.get("pipeline_version_reference") or {}
        if not (pipeline_id := reference.get("pipeline_id")):
            raise invalid("pipeline spec is empty: neither a version nor a manifest is given")
        self._store.get("Pipeline", pipeline_id)
        name = reference.get("pipeline_version_id")
        latest = self._pipelines.latest
        found = self._store.get("PipelineVersion", name) if name else latest(pipeline_id)
        version_id = found["pipeline_version_id"]
        whole = {"pipeline_id": pipeline_id, "pipeline_version_id": version_id}
        return whole, self._store.specs[version_id]

    def run_service_get_run(self, call: Call) -> Object:
        return self._store.get("Run", call.path["run_id"])

    def run_service_list_runs(self, call: Call) -> Object:
        found = self._store.all("Run")
        if name := call.query.get("experiment_id"):
            self._store.get("Experiment", name)
            found = [one for one in found if one["experiment_id"] == name]
        else:
            names = {
                one["experiment_id"]
                for one in self._store.in_namespace("Experiment", self._namespace(call))
            }
            found = [one for one in found if one["experiment_id"] in names]
        listed = page(_RUNS, found, call.query)
        return {"runs": listed.pop("items"), **listed}

    def run_service_archive_run(self, call: Call) -> Object:
        self._store.get("Run", call.path["run_id"])["storage_state"] = "ARCHIVED"
        return {}

    def run_service_unarchive_run(self, call: Call) -> Object:
        self._store.get("Run", call.path["run_id"])["storage_state"] = "AVAILABLE"
        return {}

    def run_service_terminate_run(self, call: Call) -> Object:
        run = self._store.get("Run", call.path["run_id"])
        if run["state"] in FINAL:
            raise Refused(400, f"Failed precondition: run {run['run_id']} has ended")
        self.move(run, "CANCELING")
        return {}

    def run_service_delete_run(self, call: Call) -> Object:
        self._store.get("Run", call.path["run_id"])
        del self._store.kinds["Run"][call.path["run_id"]]
        return {}

    def move(self, run: Object, state: str, error: str = "") -> None:
        """Give a run its next state."""
        now = self._store.now()
        run["state"] = state
        run["state_history"].append({"update_time": now, "state": state})
        if state in FINAL:
            run["finished_at"] = now
        if error:
            run["error"] = {"code": 13, "message": error}

    def details(self, run: Object, tasks: dict[str, Any]) -> None:
        """Set states of a run's tasks, by their names; a pair is a state and an error."""
        known = run.setdefault("run_details", {}).setdefault("task_details", [])
        for name, value in tasks.items():
            state, error = value if isinstance(value, tuple) else (value, "")
            found = next((one for one in known if one["display_name"] == name), None)
            now = self._store.now()
            if found is None:
                found = {
                    "run_id": run["run_id"],
                    "task_id": self._store.id(),
                    "display_name": name,
                    "create_time": now,
                    "start_time": now,
                }
                known.append(found)
            found["state"] = state
            if state in FINAL:
                found["end_time"] = now
            if error:
                found["error"] = {"code": 13, "message": error}

    def _namespace(self, call: Call) -> str:
        namespace = call.query.get("namespace", "")
        if self._store.multi_user and not namespace:
            raise invalid("A namespace is required in multi-user mode")
        return namespace
