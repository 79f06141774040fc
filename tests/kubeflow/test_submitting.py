"""One version for one content, one run for one submit, whatever happens in between."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from phasegate.errors import BadInput, Unavailable
from phasegate.kubeflow.api import Kubeflow, connect
from phasegate.kubeflow.compiled import load_compiled
from phasegate.kubeflow.submitting import submit, upload
from tests.kubeflow.conftest import COMPILED, RETRY_SECONDS
from tests.kubeflow.fake import FakeKubeflow
from tests.kubeflow.samples import SMALL, small

GIVEN = {"text": "a"}


def test_the_same_content_is_one_version_however_it_is_written(
    fake: FakeKubeflow, kubeflow: Kubeflow, tmp_path: Path
) -> None:
    first = upload(kubeflow, small(tmp_path))
    again = upload(kubeflow, small(tmp_path, f"# a comment\n{SMALL}"))
    other = upload(kubeflow, small(tmp_path, SMALL.replace("3.11", "3.12")))
    assert (first.new, again.new, other.new) == (True, False, True)
    assert first.version == again.version
    assert first.version.name.rpartition("-")[2] == first.version.digest[:12]
    assert len(fake.pipelines) == 1
    assert len(fake.versions) == 2


def test_a_prefix_keeps_projects_apart(
    fake: FakeKubeflow, kubeflow: Kubeflow, tmp_path: Path
) -> None:
    for prefix in ("", "card-fraud", "churn"):
        upload(kubeflow, small(tmp_path), prefix=prefix)
    assert [one["name"] for one in fake.pipelines] == ["small", "card-fraud-small", "churn-small"]


def test_our_own_pipelines_are_taken_whole(fake: FakeKubeflow, kubeflow: Kubeflow) -> None:
    for name in ("training", "deployment", "release", "monitoring"):
        compiled = load_compiled(COMPILED / f"{name}.yaml")
        assert upload(kubeflow, compiled).new
        sent = next(one for one in reversed(fake.requests) if one.operation.startswith("upload_"))
        assert compiled.content in sent.body


def test_who_submit_at_once_make_one_version_and_a_run_each(
    fake: FakeKubeflow, tmp_path: Path
) -> None:
    compiled = small(tmp_path)
    fake.fail("POST", "/pipelines$", delay=0.3, times=4)  # all have looked, and found none
    fake.fail("POST", "/upload_version", delay=0.3, times=4)
    fake.fail("POST", "/experiments$", delay=0.3, times=4)

    def one() -> bool:
        kubeflow = connect(fake.url, retry_seconds=RETRY_SECONDS)
        return submit(kubeflow, compiled, GIVEN, experiment="a").uploaded.new

    with ThreadPoolExecutor(4) as pool:
        new = [found.result() for found in [pool.submit(one) for _ in range(4)]]
    assert sorted(new) == [False, False, False, True]
    assert (len(fake.pipelines), len(fake.versions)) == (1, 1)
    assert [one["display_name"] for one in fake.experiments] == ["Default", "a"]
    assert len({one["display_name"] for one in fake.runs}) == 4
    assert {one.status for one in fake.requests} == {200, 409}


@pytest.mark.parametrize("path", ["/pipelines$", "/upload_version", "/experiments$", "/runs$"])
@pytest.mark.parametrize("how", ["reset", "late", "503"])
def test_an_answer_that_is_lost_makes_nothing_twice(
    fake: FakeKubeflow, kubeflow: Kubeflow, tmp_path: Path, path: str, how: str
) -> None:
    if how == "503":
        fake.fail("POST", path, status=503, late=True)
    else:
        fake.fail("POST", path, reset=True, late=how == "late")
    found = submit(kubeflow, small(tmp_path), GIVEN, experiment="a")
    assert [len(one) for one in (fake.pipelines, fake.versions, fake.runs)] == [1, 1, 1]
    assert [one["display_name"] for one in fake.experiments] == ["Default", "a"]
    assert found.run.id == fake.runs[0]["run_id"]


def test_a_backend_that_loses_every_answer_is_unavailable_and_the_name_is_told(
    fake: FakeKubeflow, kubeflow: Kubeflow, tmp_path: Path
) -> None:
    fake.fail("POST", "/runs$", status=503, times=None)
    with pytest.raises(Unavailable, match=r"submit again with --run-name mine|Submit again"):
        submit(kubeflow, small(tmp_path), GIVEN, experiment="a", run_name="mine")
    assert fake.runs == []
    fake.heal()
    again = submit(kubeflow, small(tmp_path), GIVEN, experiment="a", run_name="mine")
    assert (again.new, again.uploaded.new) == (True, False)


def test_a_run_of_that_name_is_taken_and_not_started_again(
    fake: FakeKubeflow, kubeflow: Kubeflow, tmp_path: Path
) -> None:
    first = submit(kubeflow, small(tmp_path), GIVEN, experiment="a", run_name="nightly-1")
    again = submit(kubeflow, small(tmp_path), GIVEN, experiment="a", run_name="nightly-1")
    assert (first.new, again.new) == (True, False)
    assert first.run.id == again.run.id
    other = small(tmp_path, SMALL.replace("3.11", "3.12"))
    with pytest.raises(BadInput, match="of another version"):
        submit(kubeflow, other, GIVEN, experiment="a", run_name="nightly-1")
    assert len(fake.runs) == 1


def test_another_content_under_a_versions_name_is_not_run(
    fake: FakeKubeflow, kubeflow: Kubeflow, tmp_path: Path
) -> None:
    compiled = small(tmp_path)
    pipeline = kubeflow.pipelines.create(compiled.name)
    kubeflow.versions.create(pipeline.id, compiled.version_name, SMALL.encode(), digest="f" * 64)
    with pytest.raises(BadInput, match="another content under this name"):
        submit(kubeflow, compiled, GIVEN, experiment="a")
    assert fake.runs == []
