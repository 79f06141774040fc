"""The same drivers in Knative mode: the first model, a release beside it, and the way back."""

from __future__ import annotations

from pathlib import Path

import pytest

from phasegate.errors import BadInput
from phasegate.kubernetes.cluster import connect
from phasegate.registry import aliases
from phasegate.registry.models import CHALLENGER, CHAMPION, RegisteredVersion
from phasegate.release.drivers.addressed import addressed_world
from phasegate.release.drivers.choosing import chosen_version, next_version
from phasegate.release.drivers.deploying import deploy_shadow
from phasegate.release.drivers.manual import rollback
from phasegate.release.drivers.world import World
from phasegate.release.record import ModelVersion, Status
from phasegate.traffic.kserve.serverless import KServeServerlessTarget
from phasegate.traffic.kserve.slots import Deployment
from phasegate.traffic.plan import Backend
from tests.kubernetes.fake import FakeApi
from tests.release import samples
from tests.release.cluster.conftest import MODEL, versions
from tests.release.drivers.test_guard import WHY
from tests.release.samples import DAY, START
from tests.traffic.serverless.conftest import NAMESPACE, inference_service

__all__ = ["versions"]


def test_the_first_model_and_a_release_beside_it(
    versions: tuple[RegisteredVersion, RegisteredVersion],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with FakeApi.start() as api:
        api.namespace(NAMESPACE)
        api.put(inference_service())
        monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path / "kubeconfig")))
        with api.reconcile(NAMESPACE):
            world = world_at(tmp_path)
            assert isinstance(world.target, KServeServerlessTarget)
            # Nobody listens behind the fake's names.
            target = KServeServerlessTarget(
                connect(), NAMESPACE, MODEL, probe=lambda _: None, counts=lambda _: {}
            )
            registry = aliases.connect()

            def deploy(version: ModelVersion) -> Backend:
                return target.deploy(
                    Deployment(MODEL, version.reference, version.digest, f"gs://m/{version.digest}")
                )

            first = chosen_version(world, f"{MODEL}@{CHAMPION}")
            for _ in range(2):
                done = deploy_shadow(world, first, deploy, START, WHY)
                assert done.look.entry is None
            assert world.target.observe().champion.backend.name == first.slot
            registry.point(MODEL, CHAMPION, versions[1].version)
            with pytest.raises(BadInput, match="answers there, and the registry's champion is"):
                deploy_shadow(world, next_version(world), deploy, START, WHY)
            registry.point(MODEL, CHAMPION, versions[0].version)
            registry.point(MODEL, CHALLENGER, versions[1].version)

            second = next_version(world)
            begun = deploy_shadow(world, second, deploy, START + DAY, WHY)
            assert begun.look.problems == ()
            assert begun.look.entry.record.challenger == second
            state = world.target.observe()
            assert (state.champion.share, state.challenger.share) == (10_000, 0)
            rollback(world, START + 2 * DAY, WHY)
            assert world.releases.head(MODEL).record.status is Status.ROLLED_BACK
            assert world.target.observe().challenger is None
            refused = deploy_shadow(world, second, deploy, START + 3 * DAY, WHY)
            assert WHY in refused.refusal


def world_at(folder: Path) -> World:
    """By its address, as components have it."""
    return addressed_world(
        MODEL, store=str(folder / "store"), target=f"kserve-serverless:{NAMESPACE}/{MODEL}",
        flags=str(folder / "flags.json"), scratch=folder, actor="test", where="test",
        policy=samples.policy(),
    )  # fmt: skip
