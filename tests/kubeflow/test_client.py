"""A backend that is slow, down, full of runs, or says no."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from phasegate.errors import BadInput, Unavailable
from phasegate.kubeflow.answers import Unclear
from phasegate.kubeflow.api import IN_CLUSTER, Kubeflow, connect
from tests.kubeflow.fake import FakeKubeflow
from tests.kubeflow.samples import uploaded

RUNS = "/runs(\\?|$)"


def test_a_backend_that_is_down_is_named_with_what_happened(fake: FakeKubeflow) -> None:
    kubeflow = connect(fake.url, retry_seconds=0.2)
    with fake.down(), pytest.raises(Unavailable) as failed:
        kubeflow.pipelines.get("a")
    assert fake.url in str(failed.value)
    assert "refused" in str(failed.value)
    assert kubeflow.pipelines.get("a") is None  # it is back, and so are we


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_answer_that_may_get_better_is_asked_for_again(
    fake: FakeKubeflow, kubeflow: Kubeflow, status: int
) -> None:
    fake.fail("GET", RUNS, status=status, times=2)
    assert list(kubeflow.runs.list()) == []
    assert [one.status for one in fake.requests if one.path.endswith("/runs")] == [
        status, status, 200,
    ]  # fmt: skip


def test_retry_after_is_heeded(fake: FakeKubeflow, kubeflow: Kubeflow) -> None:
    fake.fail("GET", "/experiments/a", status=429, retry_after=0.6)
    began = time.monotonic()
    assert kubeflow.experiments.get("a") is None
    assert time.monotonic() - began >= 0.6


def test_what_stays_bad_is_unavailable_in_bounded_time(fake: FakeKubeflow) -> None:
    fake.fail("GET", RUNS, status=500, times=None)
    began = time.monotonic()
    with pytest.raises(Unavailable, match="500"):
        list(connect(fake.url, retry_seconds=0.5).runs.list(experiment_id="a"))
    assert time.monotonic() - began < 5


def test_a_connection_that_breaks_is_made_again(fake: FakeKubeflow, kubeflow: Kubeflow) -> None:
    fake.fail("GET", "/experiments", reset=True, times=2)
    assert [one.name for one in kubeflow.experiments.list()] == ["Default"]


def test_a_run_whose_answer_was_lost_is_not_started_again_by_itself(
    fake: FakeKubeflow, kubeflow: Kubeflow, tmp_path: Path
) -> None:
    found = uploaded(kubeflow, tmp_path)
    fake.fail("POST", "/runs$", reset=True, late=True)
    with pytest.raises(Unclear, match="may have been done"):
        kubeflow.runs.create("a", pipeline_id=found.pipeline.id, parameters={"text": "b"})
    assert len(fake.runs) == 1


def test_a_run_that_was_turned_away_is_started_once(
    fake: FakeKubeflow, kubeflow: Kubeflow, tmp_path: Path
) -> None:
    found = uploaded(kubeflow, tmp_path)
    fake.fail("POST", "/runs$", status=429, times=2)
    kubeflow.runs.create("a", pipeline_id=found.pipeline.id, parameters={"text": "b"})
    assert len(fake.runs) == 1


def test_ten_thousand_runs_come_in_pages(fake: FakeKubeflow, kubeflow: Kubeflow) -> None:
    fake.fill(
        "Run",
        [
            {"run_id": f"{one:05}", "display_name": f"r{one}", "state": "SUCCEEDED"}
            for one in range(10_000)
        ],
    )
    names = [one.id for one in kubeflow.runs.list()]
    assert names == [f"{one:05}" for one in reversed(range(10_000))]  # newest first, none twice
    pages = [one for one in fake.requests if one.path.endswith("/runs")]
    assert len(pages) == 100
    assert {one.query["page_size"] for one in pages} == {"100"}


def test_a_page_that_fails_in_between_is_asked_for_again(
    fake: FakeKubeflow, kubeflow: Kubeflow
) -> None:
    fake.fill("Run", [{"run_id": f"{one:04}", "display_name": "a"} for one in range(450)])
    fake.fail("GET", "page_token=", status=503, times=2)
    assert len({one.id for one in kubeflow.runs.list()}) == 450


def test_who_wants_the_first_asks_for_one_page(fake: FakeKubeflow, kubeflow: Kubeflow) -> None:
    fake.fill("Run", [{"run_id": f"{one:04}", "display_name": "a"} for one in range(450)])
    assert next(kubeflow.runs.list()).id == "0449"
    assert len([one for one in fake.requests if one.path.endswith("/runs")]) == 1


def test_deleting_a_recurring_run_kills_its_runs_and_disabling_it_does_not(
    fake: FakeKubeflow, kubeflow: Kubeflow, tmp_path: Path
) -> None:
    found = uploaded(kubeflow, tmp_path)
    made = kubeflow.recurring.create(
        "a", pipeline_id=found.pipeline.id, cron="0 0 5 * * *", parameters={"text": "b"}
    )
    run = fake.trigger(made.id)
    assert run is not None
    kubeflow.recurring.disable(made.id)
    assert kubeflow.recurring.in_flight(made) == 1
    assert fake.trigger(made.id) is None
    kubeflow.recurring.delete(made.id)
    assert fake.run(run)["state"] == "CANCELED"
    assert kubeflow.recurring.in_flight(made) == 0


def test_a_schedule_without_a_version_runs_the_newest(
    fake: FakeKubeflow, kubeflow: Kubeflow, tmp_path: Path
) -> None:
    found = uploaded(kubeflow, tmp_path)
    made = kubeflow.recurring.create(
        "a", pipeline_id=found.pipeline.id, cron="0 0 5 * * *", parameters={"text": "b"},
        max_concurrency=2,
    )  # fmt: skip
    newer = kubeflow.versions.create(
        found.pipeline.id, "newer", (tmp_path / "small.yaml").read_bytes()
    )
    run = fake.trigger(made.id)
    assert run is not None
    assert fake.run(run)["pipeline_version_reference"]["pipeline_version_id"] == newer.id
    for version in kubeflow.versions.list(found.pipeline.id):
        kubeflow.versions.delete(found.pipeline.id, version.id)
    kubeflow.pipelines.delete(found.pipeline.id)
    assert fake.trigger(made.id) is None  # its pipeline is gone; the schedule is still there
    assert kubeflow.recurring.get(made.id) is not None


def test_where_several_users_are_a_namespace_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeKubeflow.start(multi_user=True) as fake:
        with pytest.raises(BadInput, match="no namespace is named"):
            list(connect(fake.url).runs.list())
        ada = connect(fake.url, namespace="ada")
        made = ada.experiments.create("a")
        assert [one.id for one in ada.experiments.list()] == [made.id]
        monkeypatch.setenv("KFP_NAMESPACE", "bob")
        assert list(connect(fake.url).experiments.list()) == []


def test_addresses_are_looked_for_where_kfp_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert connect().endpoint == IN_CLUSTER
    monkeypatch.setenv("KF_PIPELINES_ENDPOINT", "kfp.example.com/")
    assert connect().endpoint == "https://kfp.example.com"
    monkeypatch.setenv("KFP_ENDPOINT", "http://localhost:8888")
    assert connect().endpoint == "http://localhost:8888"
    assert connect("http://b").endpoint == "http://b"
    assert connect("http://b").run_link("c") == "http://b/#/runs/details/c"
    monkeypatch.setenv("KF_PIPELINES_UI_ENDPOINT", "https://ui.example.com/pipeline/")
    assert connect().run_link("c") == "https://ui.example.com/pipeline/#/runs/details/c"
