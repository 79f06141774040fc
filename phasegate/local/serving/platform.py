"""A champion and maybe a challenger on this machine, with what production puts around them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Self

from phasegate.digests import canonical_json
from phasegate.errors import Unavailable
from phasegate.local.environments import environment
from phasegate.local.serving.models import ServedModel
from phasegate.local.serving.settings import ServingSettings
from phasegate.local.serving.supervision import Supervised
from phasegate.serving.process import ModelServerProcess
from phasegate.sidecar.process import SidecarProcess
from phasegate.traffic.envoy.process import EnvoyProcess
from phasegate.traffic.envoy.target import EnvoyTarget
from phasegate.traffic.plan import Backend, TrafficPlan

Say = Callable[[str], None]

_SEGMENT_SECONDS = 2  # one machine's traffic is small: it can be in the log soon


class LocalServing:
    """KServe model servers, each logging to one spool, a sidecar that seals it, and Envoy.

    Everything is started within the ``with`` body and stopped in reverse order at its end: first
    Envoy answers what it has accepted, then the servers finish their logs, then the sidecar seals.

    Args:
        folder: configuration, spool and logs of the processes.
        log: store of the sealed prediction log: a folder or ``gs://bucket/prefix``.
        settings: of the project.
        port: of loopback, for requests; 0 is any free one.
        say: told what happened to the processes.
        sidecar_options: further arguments of ``python -m phasegate.sidecar``.
        segment_seconds: after which what was logged is closed, and can be sealed.

    Attributes:
        target: carries out traffic plans.
        url: where requests go.
        admin: ``IP:PORT`` of the proxy's admin interface.
    """

    target: EnvoyTarget
    url: str
    admin: str

    def __init__(
        self,
        folder: Path,
        log: str,
        settings: ServingSettings,
        *,
        port: int,
        say: Say,
        sidecar_options: Sequence[str] = (),
        segment_seconds: float = _SEGMENT_SECONDS,
    ) -> None:
        self.folder, self.log = folder, log
        self._sidecar_options, self._segment_seconds = sidecar_options, segment_seconds
        self._settings, self._port, self._say = settings, port, say
        self._servers: dict[str, Supervised[ModelServerProcess]] = {}
        self._stack = ExitStack()
        self._complaints: list[str] = []
        self._references, self._policy = folder / "references", folder / "monitoring.json"

    def __enter__(self) -> Self:
        """Start what does not depend on the models.

        Raises:
            ServerFailure: the sidecar did not start.
        """
        for name in ("logs", "spool", "proxy", "references"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._policy.write_bytes(canonical_json(self._settings.monitoring.to_json()))
        self._sidecar = Supervised("the sidecar", self._sidecar_process)
        self._stack.callback(self._sidecar.stop)
        self._stack.callback(self._stop_all)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start_all(self, models: list[ServedModel]) -> list[Backend]:
        """Start several model servers side by side; see `start`."""
        with ThreadPoolExecutor(len(models)) as pool:
            return list(pool.map(self.start, models))

    def start(self, model: ServedModel) -> Backend:
        """Start a model server and wait until it is ready; it gets no traffic by that.

        Raises:
            ServingFailure: it refused the model or did not become ready; whatever was served
                before still is.
        """
        self._refer_to(model)
        server = Supervised(model.version, partial(self._server_process, model))
        address = server.process.address.removeprefix("http://")
        backend = Backend(model.digest[:12], address, model.name)
        self._servers[backend.name] = server
        return backend

    def stop(self, backend: Backend) -> None:
        """Stop a model server that no plan sends requests to any more."""
        self._servers.pop(backend.name).stop()

    def pid(self, backend: Backend) -> int:
        """Process id of a backend's model server, as it is now."""
        return self._servers[backend.name].process.pid

    def open(self, plan: TrafficPlan) -> None:
        """Start Envoy with a plan.

        Raises:
            Unavailable: Envoy did not start.
        """
        proxy = EnvoyProcess(self.folder / "proxy", plan, port=self._port)
        self._proxy = self._stack.enter_context(proxy)
        self.url, self.admin = proxy.address, proxy.admin.address
        self.target = EnvoyTarget(self.folder / "proxy")

    def look_after(self) -> None:
        """Start servers again that ended by themselves; say what keeps the log from being sealed.

        Raises:
            Unavailable: Envoy itself has ended; its last words are in the message.
        """
        code = self._proxy.poll()
        if code is not None:
            raise Unavailable(
                f"Envoy ended with exit code {code}; its last words:\n{self._proxy.last_lines()}"
            )
        for server in (self._sidecar, *self._servers.values()):
            server.restart_if_ended(self._say)
        complaints = self._sidecar.process.complaints()
        for complaint in complaints:
            if complaint not in self._complaints:
                self._say(f"the sidecar says: {complaint}")
        self._complaints = complaints

    @property
    def sidecar(self) -> str:
        """The sidecar's http address."""
        return self._sidecar.process.address

    def _refer_to(self, model: ServedModel) -> None:
        """Put the model's reference, if it has one, where the sidecar finds it."""
        if model.profile is None:
            return
        target = self._references / model.digest[:12]
        partial = self._references / f".{target.name}"  # the sidecar looks at none that is hidden
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(model.profile, partial)
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)

    def _sidecar_process(self, port: int) -> SidecarProcess:
        return SidecarProcess(
            [self.folder / "spool"],
            self.log,
            state=self.folder / "sidecar",
            log=self.folder / "logs" / "sidecar.log",
            python=environment(self._settings.sidecar_environment).python,
            options=[
                f"--reference={self._references}",
                f"--monitoring={self._policy}",
                *self._sidecar_options,
            ],
            port=port,
        )

    def _server_process(self, model: ServedModel, port: int) -> ModelServerProcess:
        return ModelServerProcess(
            model.folder,
            model.digest,
            model.name,
            log=self.folder / "logs" / f"{model.digest[:12]}.log",
            port=port,
            options=[
                f"--spool={self.folder / 'spool'}",
                f"--segment-seconds={self._segment_seconds}",
                f"--project-version={model.version}",
                *self._settings.options(self.folder),
            ],
            python=environment("core").python,
        )

    def _stop_all(self) -> None:
        for server in self._servers.values():
            server.stop()
