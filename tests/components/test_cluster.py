"""The four components on a cluster: from the first model of all to a promotion and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.promote.__main__ import main as promote
from components.rollback.__main__ import main as rollback
from components.shift_traffic.__main__ import main as shift_traffic
from phasegate.contracts import RegisteredModel, Verdict
from phasegate.digests import canonical_json
from phasegate.errors import ExitCode
from phasegate.registry import aliases
from phasegate.registry.models import CHALLENGER
from phasegate.release.kill_switch import pull
from tests.components.cluster import HOUR, MODEL, NAMESPACE, START, Cluster
from tests.conftest import ComponentRun

WHY = "complaints about declined cards"


def verdict(run: ComponentRun, name: str, keep: Path) -> Verdict:
    """A verdict that a component wrote, out of the way of the next run."""
    folder = keep / f"verdict-{len(list(keep.glob('verdict-*')))}"
    run.folders[name].rename(folder)
    return Verdict.from_metadata(dict(run.metadata[name]), folder, "test")


def written(cluster: Cluster, after: int) -> list[tuple[str, str]]:
    """What we changed after so many calls."""
    calls = [one for one in cluster.api.calls[after:] if one.manager == "phasegate"]
    return [(one.verb, one.resource.plural) for one in calls]


@pytest.fixture
def begun(cluster: Cluster) -> tuple[Cluster, ComponentRun]:
    """A champion that answers everything, and the release of a challenger."""
    first = cluster.deploy()
    assert (first.exit_code, first.values["outcome"], first.values["release"]) == (0, "PASS", "")
    aliases.connect().point(MODEL, CHALLENGER, cluster.versions[1].version)
    return cluster, cluster.deploy(1)


def test_a_release_from_shadow_to_promotion_and_back(
    begun: tuple[Cluster, ComponentRun], tmp_path: Path
) -> None:
    cluster, deployed = begun
    old, new = (one.model.digest[:12] for one in cluster.served)
    release = deployed.values["release"]
    assert deployed.values == {"slot": new, "outcome": "PASS", "release": release}
    assert cluster.shares() == {old: 10_000}
    slot = cluster.api.object("InferenceService", NAMESPACE, f"{MODEL}-b")
    assert slot["spec"]["predictor"]["model"]["storageUri"] == (
        f"gs://models/fraud/{cluster.served[1].model.digest}"
    )
    judged = verdict(deployed, "verdict", tmp_path)
    assert "4 rows" in {check.observed for check in judged.judgement().checks}

    early = cluster.pace(shift_traffic, 1.5, judged, weight=50.0)
    assert (early.exit_code, early.values["outcome"]) == (0, "INCONCLUSIVE")
    # What was not reached lets nothing after it move.
    held = cluster.pace(promote, 3, verdict(early, "judged", tmp_path))
    assert held.values["outcome"] == "INCONCLUSIVE"
    assert cluster.shares() == {old: 10_000}

    cluster.log("pairs", 1)
    half = cluster.pace(shift_traffic, 3, judged, weight=50)
    assert (half.exit_code, half.values["outcome"]) == (0, "PASS")
    assert half.metadata["metrics"]["weight_percent"] == 50
    assert cluster.shares() == {old: 5_000, new: 5_000}
    chained = verdict(half, "judged", tmp_path)
    assert (chained.gate, chained.subject_digest[:12]) == ("shift_traffic", new)

    cluster.log("cohorts", 3)
    cluster.ask()
    whole = cluster.pace(shift_traffic, 5, chained, weight=100)
    assert whole.values["outcome"] == "PASS"
    cluster.log("cohorts", 5)
    done = cluster.pace(promote, 7, verdict(whole, "judged", tmp_path))
    assert (done.exit_code, done.values["outcome"]) == (0, "PASS")
    assert cluster.shares() == {new: 10_000}
    assert aliases.connect().aliases(MODEL) == {"champion": cluster.versions[1].version}

    before = len(cluster.api.calls)
    for _ in range(2):  # a retry does nothing more
        cluster.clock(START + 8 * HOUR)
        back = cluster.run(
            rollback, inputs={},
            parameters=cluster.common | {"reason": WHY, "release": release},
            results=("outcome", "champion"),
        )  # fmt: skip
        assert back.values == {"outcome": "DONE", "champion": str(cluster.versions[0])}
    assert written(cluster, before) == [("patch", "httproutes")]
    assert cluster.shares() == {old: 10_000}
    assert aliases.connect().aliases(MODEL) == {"champion": cluster.versions[0].version}
    assert [one.action for one in cluster.entries()].count("roll back") == 1

    # What was rolled back is not started again by a pipeline that is run again.
    again = cluster.deploy(9, version=str(cluster.versions[1]))
    assert (again.exit_code, again.values["outcome"]) == (0, "BLOCK")
    assert again.metadata["verdict"]["outcome"] == "BLOCK"
    assert WHY in json.loads((again.folders["verdict"] / "verdict.json").read_text())["checks"][-1][
        "reason"
    ]  # fmt: skip


def test_what_is_there_is_not_made_again(begun: tuple[Cluster, ComponentRun]) -> None:
    cluster, first = begun
    before, entries = (
        cluster.api.object("InferenceService", NAMESPACE, f"{MODEL}-b"),
        cluster.entries(),
    )
    again = cluster.deploy(1.1)
    assert again.values == first.values
    assert cluster.entries() == entries
    assert cluster.api.object("InferenceService", NAMESPACE, f"{MODEL}-b")["metadata"][
        "resourceVersion"
    ] == before["metadata"]["resourceVersion"]  # fmt: skip


def test_the_registered_artifact_says_which_model(cluster: Cluster, tmp_path: Path) -> None:
    cluster.deploy()
    version = cluster.versions[1]
    folder = tmp_path / "registered"
    folder.mkdir()
    (folder / "registration.json").write_bytes(canonical_json({"name": MODEL}))

    def artifact(digest: str) -> RegisteredModel:
        made = RegisteredModel(
            name=MODEL, version=str(version.version), alias="challenger", model_digest=digest
        )
        return made.stored_at(folder, "test")

    other = cluster.deploy(1, {"model": artifact("f" * 64)})
    assert (other.exit_code, other.values) == (ExitCode.BAD_INPUT, {})
    assert cluster.entries() == []
    right = cluster.deploy(1, {"model": artifact(version.model_digest)})
    assert right.values["slot"] == version.model_digest[:12]


@pytest.mark.parametrize("fault", ["crash", "down", "forbidden", "killed"])
def test_nothing_begins_where_the_model_cannot_be_served(
    cluster: Cluster, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.deploy()
    version = {"version": str(cluster.versions[1])}
    match fault:
        case "crash":
            cluster.controllers.deadline = 0.5
            cluster.controllers.crash(cluster.served[1].model.digest[:12])
            failed = cluster.deploy(1, **version)
        case "down":
            with cluster.api.down():
                failed = cluster.deploy(1, **version)
            cluster.controllers.settle()
        case "forbidden":
            cluster.api.forbid("patch", "inferenceservices", user="admin")
            failed = cluster.deploy(1, **version)
        case "killed":
            pull(Path(cluster.common["flags"]), MODEL, reason=WHY, actor="ann", now=START)
            failed = cluster.deploy(1, **version)
    said = capsys.readouterr().err
    assert (failed.exit_code, failed.values) == (ExitCode.BAD_INPUT, {}), said
    assert "Traceback" not in said
    assert len([line for line in said.splitlines() if line.startswith("::error")]) == 1
    assert cluster.entries() == []
    assert cluster.shares() == {cluster.served[0].model.digest[:12]: 10_000}


def test_beside_an_envoy_there_is_nothing_to_deploy_to(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = cluster.deploy(target="envoy:/somewhere")
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert "phasegate serve" in capsys.readouterr().err


@pytest.mark.parametrize("weight", [-1, 101, 33.333, "ten"])
def test_a_share_that_is_none_is_bad_input(
    begun: tuple[Cluster, ComponentRun], tmp_path: Path, weight: object
) -> None:
    cluster, deployed = begun
    run = cluster.pace(shift_traffic, 2, verdict(deployed, "verdict", tmp_path), weight=weight)
    assert (run.exit_code, run.values) == (ExitCode.BAD_INPUT, {})
