"""Schedules on a backend over HTTP: applied, killed, edited by hand, refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from phasegate.errors import BadInput, Unavailable
from phasegate.kubeflow.api import Kubeflow, connect
from phasegate.kubeflow.compiled import load_compiled
from phasegate.kubeflow.connection import PAGE
from phasegate.kubeflow.submitting import upload
from phasegate.scheduling.applying import apply_schedules, plan_schedules
from phasegate.scheduling.convergence import Create, Disable, Outcome, Step
from phasegate.scheduling.plan import Kind
from phasegate.scheduling.reading import Declaration, load_schedules
from tests.kubeflow.fake import FakeKubeflow
from tests.scheduling.conftest import Declare
from tests.scheduling.declaring import NOW


class _KilledError(Exception):
    pass


def _apply(kubeflow: Kubeflow, declaration: Declaration) -> Outcome:
    return apply_schedules(kubeflow, declaration, NOW, settle_seconds=0)


def _kinds(kubeflow: Kubeflow, declaration: Declaration) -> list[Kind]:
    return [one.kind for one in plan_schedules(kubeflow, declaration, NOW)]


def _on(fake: FakeKubeflow) -> list[str]:
    return sorted(one["display_name"] for one in fake.recurring_runs if one["mode"] == "ENABLE")


def test_from_nothing_to_as_declared(
    fake: FakeKubeflow, kubeflow: Kubeflow, declare: Declare
) -> None:
    declaration = declare("nightly", "weekly")
    assert _kinds(kubeflow, declaration) == [Kind.CREATE, Kind.CREATE]
    assert fake.recurring_runs == [], "a plan changes nothing"
    assert fake.pipelines == []
    outcome = _apply(kubeflow, declaration)
    assert outcome.converged
    one, _ = fake.recurring_runs
    assert one["display_name"].startswith("fraud.nightly.")
    assert one["trigger"] == {"cron_schedule": {"cron": "0 0 3 * * *"}}
    assert one["no_catchup"] is True
    assert one["runtime_config"]["parameters"] == {"model": "gs://a"}
    version = one["pipeline_version_reference"]["pipeline_version_id"]
    assert [each["pipeline_version_id"] for each in fake.versions] == [version]
    assert _kinds(kubeflow, declaration) == [Kind.UNCHANGED, Kind.UNCHANGED]
    assert _apply(kubeflow, declaration).done == ()


def test_a_change_leaves_the_run_in_flight_alone(
    fake: FakeKubeflow, kubeflow: Kubeflow, declare: Declare
) -> None:
    _apply(kubeflow, declare("nightly"))
    (old,) = fake.recurring_runs
    run = fake.trigger(old["recurring_run_id"])
    assert run is not None
    fake.advance(run, "RUNNING")
    declaration = declare("nightly", cron="0 0 4 * * *")
    outcome = _apply(kubeflow, declaration)
    assert [one.kind for one in outcome.left] == [Kind.UNCHANGED, Kind.DRAINING]
    assert outcome.left[1].in_flight == 1
    assert len(fake.recurring_runs) == 2
    assert len(_on(fake)) == 1
    assert fake.run(run)["state"] == "RUNNING"
    fake.advance(run, "SUCCEEDED")
    outcome = _apply(kubeflow, declaration)
    assert [one.kind for one in outcome.done] == [Kind.DELETE]
    assert fake.run(run)["state"] == "SUCCEEDED"
    assert len(fake.recurring_runs) == 1


@pytest.mark.parametrize("after", range(1, 8))
def test_whoever_is_killed_anywhere_is_gone_on_from(
    fake: FakeKubeflow, kubeflow: Kubeflow, declare: Declare, after: int
) -> None:
    _apply(kubeflow, declare("nightly", "gone"))
    run = fake.trigger(fake.recurring_runs[0]["recurring_run_id"])
    assert run is not None
    declaration = declare("nightly", "weekly", cron="0 0 4 * * *")
    left = after

    def kill(_: Step) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise _KilledError

    try:
        apply_schedules(kubeflow, declaration, NOW, settle_seconds=0, tell=kill)
    except _KilledError:
        assert len(_on(fake)) >= 2
    assert _apply(kubeflow, declaration).converged
    assert [name.split(".")[1] for name in _on(fake)] == ["nightly", "weekly"]
    assert fake.run(run)["state"] == "PENDING"


def test_two_at_once_end_with_one_each(fake: FakeKubeflow, declare: Declare) -> None:
    declaration = declare("a", "b", "c")
    _apply(connect(fake.url), declare("a", cron="0 0 1 * * *"))
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: _apply(connect(fake.url), declaration), range(3)))
    assert [name.split(".")[1] for name in _on(fake)] == ["a", "b", "c"]
    assert _apply(connect(fake.url), declaration).converged
    assert len(fake.recurring_runs) == 3


def test_edited_by_hand_deleted_by_hand_paused_by_hand(
    kubeflow: Kubeflow, declare: Declare
) -> None:
    declaration = declare("nightly")
    _apply(kubeflow, declaration)
    (one,) = kubeflow.recurring.list()
    kubeflow.recurring.disable(one.id)
    (change,) = plan_schedules(kubeflow, declaration, NOW)
    assert (change.kind, change.reason) == (Kind.RESUME, "it was switched off by hand")
    kubeflow.recurring.delete(one.id)
    assert _kinds(kubeflow, declaration) == [Kind.CREATE]
    clone = kubeflow.recurring.create(  # in the UI, which keeps the description
        f"Clone of {one.name}", pipeline_id=one.pipeline_id, version_id=one.version_id,
        cron="0 0 9 * * *", experiment_id=one.experiment_id, parameters=one.parameters,
        description=one.description,
    )  # fmt: skip
    change = plan_schedules(kubeflow, declaration, NOW)[0]
    assert (change.kind, "by hand" in change.reason) == (Kind.REPLACE, True)
    assert _apply(kubeflow, declaration).converged
    (again,) = kubeflow.recurring.list()
    assert (again.id != clone.id, again.name) == (True, one.name)
    kubeflow.recurring.create(
        "somebody else's", pipeline_id=one.pipeline_id, cron="0 0 9 * * *",
        parameters={"model": "x"},
    )  # fmt: skip
    assert _kinds(kubeflow, declaration) == [Kind.UNCHANGED]


def test_a_pipeline_deleted_under_its_schedule_is_uploaded_anew(
    fake: FakeKubeflow, kubeflow: Kubeflow, declare: Declare
) -> None:
    declaration = declare("nightly")
    _apply(kubeflow, declaration)
    (pipeline,) = fake.pipelines
    (version,) = fake.versions
    kubeflow.versions.delete(pipeline["pipeline_id"], version["pipeline_version_id"])
    kubeflow.pipelines.delete(pipeline["pipeline_id"])
    change = plan_schedules(kubeflow, declaration, NOW)[0]
    assert change.kind is Kind.REPLACE
    assert "not there any more" in str(change.differences[0].before)
    assert _apply(kubeflow, declaration).converged
    (one,) = fake.recurring_runs
    assert fake.trigger(one["recurring_run_id"])


def test_versions_are_pinned_or_followed(
    fake: FakeKubeflow, kubeflow: Kubeflow, declare: Declare
) -> None:
    declaration = declare("nightly", more="version: latest")
    assert _apply(kubeflow, declaration).converged
    (one,) = kubeflow.recurring.list()
    assert one.version_id is None
    compiled = load_compiled(declaration.schedules[0].compiled.path)
    short = compiled.digest[:12]
    declaration = declare("nightly", more=f'version: "{short}"')
    assert _apply(kubeflow, declaration).converged
    (one,) = kubeflow.recurring.list()
    assert one.version_id == upload(kubeflow, compiled).version.id
    with pytest.raises(BadInput, match="no version 0123456789ab"):
        _apply(kubeflow, declare("nightly", more='version: "0123456789ab"'))
    assert len(_on(fake)) == 1


def test_an_answer_that_was_lost_makes_no_second_one(
    fake: FakeKubeflow, kubeflow: Kubeflow, declare: Declare
) -> None:
    fake.fail("POST", "/recurringruns", status=503, late=True)
    assert _apply(kubeflow, declare("nightly")).converged
    assert len(fake.recurring_runs) == 1


def test_a_backend_that_goes_away_is_said_and_gone_on_from(
    fake: FakeKubeflow, kubeflow: Kubeflow, declare: Declare
) -> None:
    declaration = declare("a", "b")
    fake.fail("GET", "/recurringruns", status=503, times=None)
    with pytest.raises(Unavailable, match="503"):
        _apply(kubeflow, declaration)
    fake.heal()
    assert _apply(kubeflow, declaration).converged


def test_the_new_one_is_made_first(kubeflow: Kubeflow, declare: Declare) -> None:
    _apply(kubeflow, declare("nightly"))
    steps: list[Step] = []
    apply_schedules(
        kubeflow, declare("nightly", model="gs://b"), NOW, settle_seconds=0, tell=steps.append
    )
    kinds = [type(one) for one in steps]
    assert kinds.index(Create) < kinds.index(Disable)


def test_an_empty_file_takes_only_its_own_away(
    fake: FakeKubeflow, kubeflow: Kubeflow, declare: Declare
) -> None:
    _apply(kubeflow, declare("nightly"))
    other = declare("nightly")
    other_file = other.path.with_name("other.yaml")
    other_file.write_text(other.path.read_text().replace("name: fraud", "name: fraud-two"))
    _apply(kubeflow, load_schedules(other_file, NOW))
    assert _apply(kubeflow, declare()).converged
    assert [name.split(".")[0] for name in _on(fake)] == ["fraud-two"]


def test_schedules_of_a_profile_are_in_its_namespace(declare: Declare) -> None:
    with FakeKubeflow.start(multi_user=True) as fake:
        declaration = declare("nightly")
        mine, other = (connect(fake.url, namespace=name) for name in ("team", "other"))
        assert _apply(mine, declaration).converged
        assert [one["namespace"] for one in fake.recurring_runs] == ["team"]
        assert _kinds(mine, declaration) == [Kind.UNCHANGED]
        assert _kinds(other, declaration) == [Kind.CREATE]


def test_more_schedules_than_a_page_of_the_backend_holds(
    kubeflow: Kubeflow, declare: Declare
) -> None:
    names = [f"s{number}" for number in range(PAGE + 20)]
    assert _apply(kubeflow, declare(*names, more="zone: Europe/Berlin")).converged
    changes = plan_schedules(kubeflow, declare(*names, more="zone: Europe/Berlin"), NOW)
    assert [one.kind for one in changes] == [Kind.UNCHANGED] * (PAGE + 20)
