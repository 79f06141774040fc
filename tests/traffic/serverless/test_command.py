"""``python -m phasegate.traffic.kserve.serverless`` as a CronJob runs it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from phasegate.traffic.kserve.serverless.__main__ import main
from phasegate.traffic.kserve.serverless.replay import Shadow
from phasegate.traffic.kserve.serverless.replayed import write_replayed
from phasegate.traffic.plan import TrafficPlan
from tests.traffic.serverless.conftest import NAME, NAMESPACE, A, B, World, model


@pytest.fixture
def pair(world: World, monkeypatch: pytest.MonkeyPatch) -> TrafficPlan:
    monkeypatch.setenv("KUBECONFIG", str(world.kubeconfig))
    champion = world.serve(A)
    plan = TrafficPlan(champion, world.target().deploy(model(B, 2)), mirror=5000)
    world.target().apply(plan)
    return plan


def run(store: Path, *options: str) -> int:
    where = [f"{NAMESPACE}/{NAME}", "--log", str(store), "--store", str(store)]
    return main([*where, "--once", *options])


def test_only_a_plan_in_force_with_a_mirror_wants_copies(world: World, pair: TrafficPlan) -> None:
    target = world.target()
    assert target.shadow() == Shadow(A[:12], pair.challenger, 5000)  # type: ignore[arg-type]

    target.kill()
    assert target.shadow() is None
    target.revive()
    assert target.shadow() is not None
    target.apply(replace(pair, mirror=0))
    assert target.shadow() is None
    target.apply(TrafficPlan(pair.champion))
    assert target.shadow() is None


def test_what_was_replayed_is_observed(world: World, pair: TrafficPlan) -> None:
    assert pair.challenger is not None
    names = (pair.champion.name, pair.challenger.name)
    write_replayed(world.cluster, NAMESPACE, NAME, *names, (10, 8, {"late": 2}))

    mirror = world.target().observe().mirror

    assert mirror is not None
    assert (mirror.share, mirror.copies, mirror.answers, mirror.lost) == (5000, 10, 8, {"late": 2})
    write_replayed(world.cluster, NAMESPACE, NAME, "another", "pair", (7, 7, {}))
    mirror = world.target().observe().mirror
    assert mirror is not None
    assert mirror.copies == 0, "of another pair"


@pytest.mark.usefixtures("pair")
def test_without_a_release_nothing_is_copied(tmp_path: Path) -> None:
    assert run(tmp_path) == 0


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--since", "yesterday"), "'yesterday' is no time"),
        (("--rate", "0"), "rate is 0.0"),
    ],
)
def test_wrong_options_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    assert run(tmp_path, *options) == 2
    assert message in capsys.readouterr().err


def test_a_service_that_is_not_there_is_said(
    world: World, pair: TrafficPlan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pair.mirror
    world.api.remove("InferenceService", NAMESPACE, NAME)

    assert run(tmp_path) == 2
    assert "is not there" in capsys.readouterr().err
