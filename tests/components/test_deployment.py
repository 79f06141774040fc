"""`deploy_shadow` where no version is named, and the compiled pipeline around it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from phasegate.digests import canonical_json
from phasegate.errors import ExitCode
from phasegate.local.environments import ROOT, Environment, environment
from phasegate.local.record import StepRecord
from phasegate.local.run import run_pipeline
from phasegate.local.workspace import Workspace
from phasegate.registry import aliases
from phasegate.registry.models import CHALLENGER, CHAMPION
from phasegate.release.drivers.addressed import addressed_world
from phasegate.release.drivers.manual import rollback
from phasegate.release.drivers.world import World
from phasegate.release.kill_switch import pull
from phasegate.traffic.kserve.slots import Deployment, slot_names
from tests.components.cluster import HOUR, MODEL, NAMESPACE, START, Cluster, policy
from tests.components.test_cluster import WHY, written
from tests.conftest import ComponentRun
from tests.release.drivers.conftest import enter
from tests.release.drivers.test_component import Unheard

MODELS = "gs://models/fraud"


def reason(run: ComponentRun) -> str:
    """What the verdict says last."""
    said = json.loads((run.folders["verdict"] / "verdict.json").read_text())
    return said["checks"][-1]["reason"]


def rested(
    cluster: Cluster, hours: float, about: str, outcome: str = "INCONCLUSIVE", release: str = ""
) -> str:
    """Why a run succeeded and did nothing; it touched neither cluster, record nor registry."""
    calls, entries, known = len(cluster.api.calls), cluster.entries(), registered()
    run = cluster.deploy(hours)
    assert run.exit_code == ExitCode.PASSED
    assert run.values == {"slot": about, "release": release, "outcome": outcome}
    assert written(cluster, calls) == []
    assert (cluster.entries(), registered()) == (entries, known)
    return reason(run)


def registered() -> dict[str, int]:
    return aliases.connect().aliases(MODEL)


def challenge(version: int) -> None:
    aliases.connect().point(MODEL, CHALLENGER, version)


def world(cluster: Cluster) -> World:
    """As a component has it."""
    return addressed_world(
        MODEL, store=cluster.common["store"], target=cluster.common["target"],
        flags=cluster.common["flags"], scratch=cluster.folder, actor="test", where="test",
        policy=policy(),
    )  # fmt: skip


@pytest.fixture
def served(cluster: Cluster) -> Cluster:
    """A champion that answers everything."""
    assert cluster.deploy().values["outcome"] == "PASS"
    return cluster


def slots(cluster: Cluster) -> tuple[str, str]:
    """Of the champion and the challenger."""
    old, new = (one.model.digest[:12] for one in cluster.served)
    return old, new


def test_where_nothing_is_registered_nothing_is_due(cluster: Cluster) -> None:
    aliases.connect().remove(MODEL, CHAMPION)
    assert rested(cluster, 0, "") == f"no version of {MODEL} is registered as champion"


def test_a_champion_that_answers_is_left_alone(served: Cluster) -> None:
    old, _ = slots(served)
    assert "answers, and no other version is registered" in rested(served, 1, old, "PASS")
    challenge(served.versions[0].version)  # its own challenger
    assert "answers, and no other version is registered" in rested(served, 2, old, "PASS")


def test_a_release_that_is_under_way_is_left_alone_and_others_wait(served: Cluster) -> None:
    _, new = slots(served)
    challenge(served.versions[1].version)
    begun = served.deploy(1)
    assert (begun.values["outcome"], begun.values["slot"]) == ("PASS", new)
    release = begun.values["release"]
    stands = f"release {release} is running, in phase shadow"
    there = f"{served.versions[1]} is served: {stands}"
    assert rested(served, 2, new, "PASS", release) == there
    third = enter(MODEL, "a third")
    challenge(third.version)
    assert rested(served, 3, third.model_digest[:12]) == f"{third} waits: {stands}"
    # Who names it is told that it cannot be.
    assert served.deploy(3, version=str(third)).exit_code == ExitCode.BAD_INPUT
    # A release is carried on whatever the alias says.
    aliases.connect().remove(MODEL, CHALLENGER)
    assert rested(served, 4, new, "PASS", release) == there


@pytest.mark.parametrize("switch", ["flag", "route"])
def test_a_challenger_waits_for_the_end_of_a_kill(served: Cluster, switch: str) -> None:
    _, new = slots(served)
    challenge(served.versions[1].version)
    if switch == "flag":
        pull(Path(served.common["flags"]), MODEL, reason=WHY, actor="ann", now=START)
    else:
        world(served).target.kill()
    assert rested(served, 1, new) == f"{served.versions[1]} waits: a kill switch is on"


def test_a_kill_switch_that_is_not_named_is_told(
    served: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    challenge(served.versions[1].version)
    failed = served.deploy(1, flags="")
    assert (failed.exit_code, failed.values) == (ExitCode.BAD_INPUT, {})
    assert "name one by flags" in capsys.readouterr().err
    assert served.entries() == []


def test_what_was_rolled_back_is_refused_and_the_run_succeeds(served: Cluster) -> None:
    old, _ = slots(served)
    challenge(served.versions[1].version)
    served.deploy(1)
    rollback(world(served), START + 2 * HOUR, WHY)
    assert "no other version is registered" in rested(served, 3, old, "PASS")
    challenge(served.versions[1].version)  # a training came to the same bytes again
    calls, entries = len(served.api.calls), served.entries()
    for _ in range(2):
        again = served.deploy(4)
        assert (again.exit_code, again.values["outcome"]) == (ExitCode.PASSED, "BLOCK")
        assert WHY in reason(again)
    assert written(served, calls) == []
    assert served.entries() == entries


@pytest.mark.parametrize("begun", [False, True])
def test_where_two_are_registered_the_champion_comes_first(cluster: Cluster, begun: bool) -> None:
    old, new = slots(cluster)
    challenge(cluster.versions[1].version)
    if begun:  # a run died before its traffic was planned
        first = cluster.versions[0]
        address = f"{MODELS}/{first.model_digest}"
        world(cluster).target.deploy(Deployment(MODEL, str(first), first.model_digest, address))
    assert cluster.deploy().values == {"slot": old, "release": "", "outcome": "PASS"}
    assert cluster.shares() == {old: 10_000}
    assert cluster.entries() == []
    assert cluster.deploy(1).values["slot"] == new
    assert [one.action for one in cluster.entries()] == ["start", "apply"]


NETWORK = '''\
"""The network of a cluster, for a step's process: its names lead to servers on this machine."""
import json, os, socket

ports, connect = json.loads(os.environ["CLUSTER_PORTS"]), socket.create_connection


def create_connection(address, *arguments, **options):
    name = address[0].removesuffix(".svc.cluster.local").split(".")[0]
    here = ("127.0.0.1", ports[name]) if name in ports else address
    return connect(here, *arguments, **options)


socket.create_connection = create_connection
'''


@pytest.fixture
def inside(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """The image's environment, in the cluster's network: slot a has the first model."""
    ports = {
        f"{slot}-predictor": one.port
        for slot, one in zip(slot_names(MODEL), cluster.served, strict=True)
    }
    monkeypatch.setenv("CLUSTER_PORTS", json.dumps(ports))
    core, own = environment("core"), tmp_path / "inside"
    (own / "bin").mkdir(parents=True)
    (own / "sitecustomize.py").write_text(NETWORK)
    start = f'#!/bin/sh\nPYTHONPATH="{own}:$PYTHONPATH" exec "{core.python}" "$@"\n'
    (own / "bin" / "python").write_text(start)
    (own / "bin" / "python").chmod(0o755)
    return Environment(own, core.lock)


def test_the_compiled_pipeline_serves_what_is_due_and_rests(
    cluster: Cluster, inside: Environment, tmp_path: Path
) -> None:
    old, new = slots(cluster)

    def ran(hours: float) -> StepRecord:
        given: dict[str, Any] = cluster.common | {
            "policy": canonical_json(policy().to_json()).decode(), "models": MODELS,
        }  # fmt: skip
        names = ("MLFLOW_TRACKING_URI", "KUBECONFIG", "STORAGE_EMULATOR_HOST")
        record, _ = run_pipeline(
            ROOT / "pipelines" / "compiled" / "deployment.yaml",
            given,
            project=MODEL,
            workspace=Workspace(tmp_path / "workspace"),
            variables={name: os.environ[name] for name in names}
            | {"PHASEGATE_NOW": (START + hours * HOUR).isoformat()},
            observer=Unheard(),
            environments=lambda _: inside,
        )
        assert record.error in ("", None), record.error
        (step,) = record.steps
        return step

    first = ran(0)
    assert (first.outputs["slot"], first.outputs["outcome"]) == (old, "PASS")
    assert cluster.shares() == {old: 10_000}

    challenge(cluster.versions[1].version)
    second = ran(1)
    assert (second.outputs["slot"], second.outputs["outcome"]) == (new, "PASS")
    assert cluster.shares() == {old: 10_000}
    route = cluster.api.object("HTTPRoute", NAMESPACE, MODEL)
    mirrored = [
        one["requestMirror"]["backendRef"]["name"]
        for rule in route["spec"]["rules"]
        for one in rule.get("filters", ())
        if one["type"] == "RequestMirror"
    ]
    assert f"{slot_names(MODEL)[1]}-predictor" in mirrored
    assert [one.action for one in cluster.entries()] == ["start", "apply"]

    calls = len(cluster.api.calls)
    third = ran(2)
    for name in ("slot", "release", "outcome"):
        assert third.outputs[name] == second.outputs[name]
    assert written(cluster, calls) == []
    assert [one.action for one in cluster.entries()] == ["start", "apply"]
