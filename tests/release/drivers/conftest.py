"""A champion and a challenger that are registered and served behind a real Envoy."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from phasegate.digests import digest_bytes
from phasegate.registry.models import CHALLENGER, CHAMPION, RegisteredVersion
from phasegate.registry.models import connect as connect_models
from phasegate.registry.tracking import tracked_run
from phasegate.release.drivers.starting import VERDICTS
from phasegate.release.drivers.world import World
from phasegate.traffic.envoy.process import EnvoyProcess
from phasegate.traffic.plan import TrafficPlan
from tests.release.drivers.processes import Drivers, started
from tests.release.drivers.worlds import Setting, world_of
from tests.traffic.upstream import Upstream, upstreams

_names = itertools.count()


@dataclass
class Place:
    """Where releases of a test happen.

    Attributes:
        setting: for worlds here and in other processes.
        champion: its server.
        challenger: its server.
        address: ``http://IP:PORT`` of Envoy.
        versions: champion and challenger as registered.
    """

    setting: Setting
    champion: Upstream
    challenger: Upstream
    address: str
    versions: tuple[RegisteredVersion, RegisteredVersion]

    @property
    def world(self) -> World:
        """A new world here."""
        return world_of(self.setting)

    @property
    def aliases(self) -> dict[str, int]:
        """Of the registered model."""
        return self.world.registry.aliases(self.setting.model)

    def fresh(self, folder: Path) -> Place:
        """The same place before anything happened: an empty store, aliases and traffic reset."""
        world = self.world
        for alias, version in zip((CHAMPION, CHALLENGER), self.versions, strict=True):
            world.registry.point(self.setting.model, alias, version.version)
        world.target.apply(TrafficPlan(self.champion.backend, self.challenger.backend))
        return Place(
            self.setting.with_(store=str(folder)),
            self.champion, self.challenger, self.address, self.versions,
        )  # fmt: skip


def enter(name: str, content: str, tags: tuple[str, ...] = VERDICTS) -> RegisteredVersion:
    """Register a model whose bytes are a text, with the tags of passed gates."""
    with tracked_run(name, content) as run:
        pass
    digest, registry = digest_bytes(content.encode()), connect_models()
    return registry.register(
        name, run.run_id, digest, source=registry.upload(run.run_id, digest, {}),
        tags=dict.fromkeys(tags, "0" * 64), description="",
    )  # fmt: skip


@pytest.fixture(scope="module")
def module_place(mlflow_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One Envoy and one registered model for the tests of a module."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MLFLOW_TRACKING_URI", mlflow_server)
        yield from places(tmp_path_factory.mktemp("place"))


@pytest.fixture
def place(module_place: Place, tmp_path: Path) -> Place:
    """The module's place, before anything happened."""
    Path(module_place.setting.flags).unlink(missing_ok=True)
    for server in (module_place.champion, module_place.challenger):
        server.behaviour = "ok"
    module_place.world.target.revive()
    return module_place.fresh(tmp_path / "store")


@pytest.fixture(scope="module")
def drivers(module_place: Place) -> Iterator[Drivers]:
    """Drivers in other processes."""
    del module_place  # its environment variables must be there
    with started() as found:
        yield found


@pytest.fixture
def own_place(mlflow: str, tmp_path: Path) -> Iterator[Place]:
    """A place with an Envoy of its own, whose counters begin at 0."""
    del mlflow
    yield from places(tmp_path)


def places(folder: Path) -> Iterator[Place]:
    name = f"drivers-{next(_names)}"
    versions = (enter(name, f"{name}-old"), enter(name, f"{name}-new"))
    slots = [version.model_digest[:12] for version in versions]
    with ExitStack() as stack:
        servers = stack.enter_context(upstreams(*slots))
        plan = TrafficPlan(servers[0].backend, servers[1].backend)
        envoy = stack.enter_context(EnvoyProcess(folder / "proxy", plan))
        setting = Setting(
            model=name,
            store=str(folder / "store"),
            proxy=str(folder / "proxy"),
            flags=str(folder / "flags.json"),
            backends={one.name: (one.backend.address, one.backend.model) for one in servers},
        )
        yield Place(setting, *servers, envoy.address, versions)


@pytest.fixture
def said() -> list[str]:
    """What a guard said."""
    return []
