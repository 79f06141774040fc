"""The sidecar put together: spools, events, store, HTTP; from start to SIGTERM."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette

from phasegate.errors import BadInput
from phasegate.prediction_log.privacy import Privacy, read_key
from phasegate.serving.limits import Limits
from phasegate.sidecar.app import EventReceiver, create_app
from phasegate.sidecar.batching import Batcher, BatchLimits
from phasegate.sidecar.concealing import Concealer
from phasegate.sidecar.database import Database
from phasegate.sidecar.health import Health
from phasegate.sidecar.joining import Joiner, JoinLimits
from phasegate.sidecar.metrics import Metrics
from phasegate.sidecar.services import Services
from phasegate.sidecar.spools import SpoolFolder
from phasegate.sidecar.upkeep import Upkeep
from phasegate.store.named import NamedFiles, open_named

if TYPE_CHECKING:
    from phasegate.sidecar.drift.monitor import DriftMonitor

_STORE_SECONDS = 2.0  # of tries in one call; the pauses between calls are the sidecar's own
_MOST_CONNECTIONS = 256
_STOP_SECONDS = 5


@dataclass(frozen=True)
class Settings:
    """What the options of ``python -m phasegate.sidecar`` say; its help explains them."""

    spools: tuple[Path, ...]
    store: str
    state: Path | None
    host: str
    port: int
    interval: float
    role: str
    foreign: tuple[str, ...]
    sensitive: tuple[tuple[str, str], ...]
    entity: str | None
    key_file: Path | None
    limits: Limits
    join_seconds: float
    batch_seconds: float
    references: tuple[Path, ...] = ()
    monitoring: Path | None = None
    alerts: str | None = None
    replicas: int = 1
    grace: float = 0.0

    def __post_init__(self) -> None:
        if self.replicas < 1:
            raise BadInput(f"{self.replicas} replicas", where="--replicas", expected="at least 1")
        for option in ("monitoring", "alerts"):
            if getattr(self, option) and not self.references:
                raise BadInput(
                    "there is no reference to judge drift by",
                    where=f"--{option}",
                    expected="--reference DIR",
                )
        if self.state is None and not self.spools:
            raise BadInput("there is nothing to do", expected="--spool DIR, --state DIR or both")
        for option in ("interval", "join_seconds", "batch_seconds"):
            if not 0 < getattr(self, option) < 86_400:
                raise BadInput(
                    f"{getattr(self, option):g} seconds",
                    where=f"--{option.replace('_', '-')}",
                    expected="more than 0 and less than a day",
                )
        if not 0 <= self.grace < 86_400:
            raise BadInput(
                f"{self.grace:g} seconds",
                where="--grace",
                expected="0 or more, and less than a day",
            )

    @property
    def state_folder(self) -> Path:
        """Where events wait for their other half."""
        return self.state or self.spools[0] / "sidecar"


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT.

    Raises:
        BadInput: a setting is not possible, or another sidecar has one of the folders.
    """
    with ExitStack() as stack:
        listener = stack.enter_context(_listen(settings.host, settings.port))
        metrics = Metrics()
        health = Health(metrics)
        store = open_named(settings.store, retry_seconds=_STORE_SECONDS)
        services = Services(settings.foreign)
        concealer = _concealer(settings)
        joined = settings.state_folder / "spool"
        draft = settings.state_folder / "draft.parquet"
        monitor = _monitor(settings, store, metrics, health)
        counting = monitor.counting if monitor else None
        spools = []
        for folder in (*settings.spools, joined):
            spools.append(SpoolFolder(folder, metrics, health, counting))
            stack.callback(spools[-1].close)
        # Behind the lock of the folder of joined records: one sidecar for each state.
        database = Database(settings.state_folder / "events.sqlite")
        stack.callback(database.close)
        if database.put_aside:
            health.tell("database", f"a damaged one was put aside: {database.put_aside}")
        joiner = Joiner(database, JoinLimits(timeout_seconds=settings.join_seconds))
        batcher = Batcher(database, services, joined, BatchLimits(seconds=settings.batch_seconds))
        upkeep = Upkeep(
            spools, joiner, batcher, store, draft, metrics, health, settings.interval, counting,
            settings.grace,
        )  # fmt: skip
        receiver = EventReceiver(
            joiner, services, concealer, settings.role, settings.limits, metrics
        )
        if monitor:
            stack.enter_context(monitor)
        upkeep.start()
        stack.callback(upkeep.stop)
        await _serve(create_app(receiver, health, metrics), listener)


class _Server(uvicorn.Server):
    """A server that leaves signals to us: uvicorn raises them again when it has ended."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(app: Starlette, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; from then on both are ignored, so that sealing can end."""
    server = _Server(
        uvicorn.Config(
            app,
            access_log=False,
            log_level="error",
            lifespan="off",
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=_STOP_SECONDS,
            server_header=False,
        )
    )

    def stop(*_: object) -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    await server.serve(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, before anything else is begun.

    Raises:
        BadInput: the address is taken, or not this machine's.
    """
    try:
        listener = socket.create_server((host, port), backlog=_MOST_CONNECTIONS)
        # asyncio does so itself only for sockets that name their protocol, which this one does not.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except (OSError, OverflowError) as error:
        raise BadInput(
            f"cannot listen there ({error})",
            where=f"{host}:{port}",
            fix="Choose another --http-port",
        ) from error


def _monitor(
    settings: Settings, store: NamedFiles, metrics: Metrics, health: Health
) -> DriftMonitor | None:
    """What watches drift; None, and nothing imported for it, where no reference is given."""
    if not settings.references:
        return None
    from phasegate.sidecar.drift.monitor import DriftMonitor, read_policy

    return DriftMonitor(
        settings.references, read_policy(settings.monitoring), settings.alerts, store,
        settings.state_folder / "drift", metrics, health, settings.replicas,
    )  # fmt: skip


def _concealer(settings: Settings) -> Concealer:
    key = read_key(settings.key_file) if settings.key_file else None
    return Concealer(Privacy(dict(settings.sensitive), key), settings.entity)
