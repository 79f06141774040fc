"""The fake backend as a test holds it."""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any, Self

from tests.kubeflow.fake.backend import Backend
from tests.kubeflow.fake.faults import Fault
from tests.kubeflow.fake.requests import Request
from tests.kubeflow.fake.server import Server
from tests.kubeflow.fake.store import Object
from tests.kubeflow.fake.types import checked


class FakeKubeflow:
    """A Kubeflow Pipelines backend on loopback; leave its ``with`` body to stop it.

    Args:
        port: TCP port; 0 takes a free one.
        multi_user: whether experiments, runs and recurring runs belong to namespaces.
    """

    def __init__(self, port: int = 0, *, multi_user: bool = False) -> None:
        self._backend = Backend(multi_user)
        self._backend.runs.new_experiment("Default")
        self._server = Server(port, self._backend)
        self._port = self._server.server_address[1]

    @classmethod
    def start(cls, port: int = 0, *, multi_user: bool = False) -> Self:
        """A running backend with the experiment ``Default``."""
        return cls(port, multi_user=multi_user)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Refuse connections and end those that are open."""
        self._server.stop()

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """A backend that is away for the ``with`` body, and comes back with its objects."""
        self._server.stop()
        try:
            yield
        finally:
            self._server = Server(self._port, self._backend)

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def requests(self) -> list[Request]:
        """Requests so far."""
        return self._backend.requests

    def fail(
        self,
        method: str,
        path: str,
        *,
        status: int | None = None,
        times: int | None = 1,
        delay: float = 0.0,
        retry_after: float | None = None,
        reset: bool = False,
        late: bool = False,
        html: bool = False,
    ) -> None:
        """Let requests go wrong.

        Args:
            method: HTTP method, or ``*``.
            path: regular expression that is searched for in the path with its query.
            status: answer this; None with neither ``reset`` leaves the answer alone.
            times: how many requests; None for all.
            delay: seconds to wait before looking at the request.
            retry_after: seconds in the header of that name.
            reset: reset the connection in place of an answer.
            late: carry the request out first, so that only its answer is lost.
            html: answer with a web page, as a proxy does that wants people to sign in.
        """
        self._backend.faults.add(
            Fault(method, re.compile(path), status, times, delay, retry_after, reset, late, html)
        )

    def heal(self) -> None:
        """Take back all faults."""
        self._backend.faults.heal()

    def require(self, *, token: str | None = None, cookie: str | None = None) -> None:
        """Answer 401 to requests that bear neither this token nor this cookie."""
        self._backend.token, self._backend.cookie = token, cookie

    @property
    def pipelines(self) -> list[Object]:
        """Copies of all pipelines."""
        return self._backend.store.copies("Pipeline")

    @property
    def versions(self) -> list[Object]:
        """Copies of all versions, without their specifications."""
        return self._backend.store.copies("PipelineVersion")

    @property
    def experiments(self) -> list[Object]:
        """Copies of all experiments."""
        return self._backend.store.copies("Experiment")

    @property
    def runs(self) -> list[Object]:
        """Copies of all runs."""
        return self._backend.store.copies("Run")

    @property
    def recurring_runs(self) -> list[Object]:
        """Copies of all recurring runs."""
        return self._backend.store.copies("Job")

    def run(self, run_id: str) -> Object:
        """A copy of a run."""
        with self._backend.store.lock:
            return copy.deepcopy(self._backend.store.get("Run", run_id))

    def advance(
        self,
        run_id: str,
        state: str = "",
        tasks: Mapping[str, str | tuple[str, str]] | None = None,
        *,
        error: str = "",
    ) -> None:
        """Let a run go on.

        Args:
            run_id: which.
            state: its next state; empty leaves it.
            tasks: states of its tasks by their names; a pair is a state and an error.
            error: the run's.
        """
        states = [one[0] if isinstance(one, tuple) else one for one in (tasks or {}).values()]
        for one in (*states, *([state] if state else [])):
            checked(one, "V2beta1RuntimeState")
        with self._backend.store.lock:
            run = self._backend.store.get("Run", run_id)
            if tasks:
                self._backend.runs.details(run, dict(tasks))
            if state:
                self._backend.runs.move(run, state, error)

    def trigger(self, recurring_run_id: str) -> str | None:
        """Start a run as the schedule does when it is time; its identifier.

        None: it is disabled, has as many runs in flight as it may, or its pipeline is gone.
        """
        with self._backend.store.lock:
            run = self._backend.recurring.trigger(recurring_run_id)
            return run["run_id"] if run else None

    def fill(self, kind: str, objects: list[Mapping[str, Any]]) -> None:
        """Put many objects there at once: ``Run``, ``Job`` (recurring runs), ``Pipeline``, each
        with its identifier; fields that a list needs are filled in."""
        keys = {"Run": "run_id", "Job": "recurring_run_id", "Pipeline": "pipeline_id"}
        store = self._backend.store
        with store.lock:
            default = next(iter(store.kinds["Experiment"]))
            for one in objects:
                filled = {"experiment_id": default, "created_at": store.now(), **one}
                if kind == "Run":
                    filled = {"recurring_run_id": "", "state_history": [], **filled}
                if kind == "Pipeline":
                    del filled["experiment_id"]
                store.kinds[kind][filled[keys[kind]]] = filled
