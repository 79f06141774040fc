"""What we rely on from a backend, held on the fake and on a real one alike."""

from __future__ import annotations

import pytest

from phasegate.errors import BadInput
from phasegate.kubeflow.answers import Exists
from phasegate.kubeflow.submitting import upload
from tests.kubeflow.contract.conftest import Place
from tests.kubeflow.samples import SMALL, small

NEVER = "0 0 0 29 2 *"  # six fields; 29 February


def test_names_of_pipelines_and_versions_are_unique(place: Place) -> None:
    found = place.uploaded()
    with pytest.raises(Exists):
        place.kubeflow.pipelines.create(found.pipeline.name)
    with pytest.raises(Exists):
        place.kubeflow.versions.create(found.pipeline.id, found.version.name, SMALL.encode())
    assert place.kubeflow.pipelines.named(found.pipeline.name) == found.pipeline
    assert place.kubeflow.versions.named(found.pipeline.id, found.version.name) == found.version
    assert place.kubeflow.pipelines.named(f"{found.pipeline.name}-other") is None


def test_a_version_says_what_its_content_is_and_is_found_again(place: Place) -> None:
    found = place.uploaded()
    again = upload(
        place.kubeflow, small(place.folder, SMALL.replace("small", f"{place.mark}-small"))
    )
    assert (found.new, again.new) == (True, False)
    assert again.version == found.version
    assert len(found.version.digest) == 64
    assert place.kubeflow.versions.latest(found.pipeline.id) == found.version


def test_what_is_not_a_pipeline_is_refused(place: Place) -> None:
    found = place.uploaded()
    with pytest.raises(BadInput):
        place.kubeflow.versions.create(found.pipeline.id, "other", b"hello: world\n")


def test_names_of_experiments_are_unique(place: Place) -> None:
    with pytest.raises(Exists):
        place.kubeflow.experiments.create(place.mark)
    assert place.kubeflow.experiments.named(place.mark) == place.experiment


def test_what_is_not_there_is_none(place: Place) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    assert place.kubeflow.pipelines.get(nobody) is None
    assert place.kubeflow.experiments.get(nobody) is None
    assert place.kubeflow.runs.get(nobody) is None
    assert place.kubeflow.recurring.get(nobody) is None
    place.kubeflow.recurring.delete(nobody)
    with pytest.raises(BadInput):
        place.kubeflow.runs.create(
            place.mark, pipeline_id=nobody, experiment_id=place.experiment.id
        )


def test_a_run_keeps_what_it_was_given_and_its_name_is_nobodys(place: Place) -> None:
    found = place.uploaded()
    given = {"text": "a", "count": 4, "names": ["b", "c"], "options": {"d": 1.5}}
    first, second = (
        place.kubeflow.runs.create(
            place.mark,
            pipeline_id=found.pipeline.id,
            version_id=found.version.id,
            experiment_id=place.experiment.id,
            parameters=given,
        )
        for _ in range(2)
    )
    assert first.id != second.id
    again = place.kubeflow.runs.get(first.id)
    assert again is not None
    assert again.parameters == given
    assert (again.version, again.pipeline_id) == (found.version.id, found.pipeline.id)
    listed = place.kubeflow.runs.list(experiment_id=place.experiment.id, name=place.mark)
    assert {one.id for one in listed} == {first.id, second.id}


@pytest.mark.parametrize("given", [{}, {"text": "a", "colour": "red"}, {"text": 7}])
def test_parameters_that_are_not_the_pipelines_are_refused(place: Place, given: dict) -> None:
    found = place.uploaded()
    with pytest.raises(BadInput):
        place.kubeflow.runs.create(
            place.mark,
            pipeline_id=found.pipeline.id,
            version_id=found.version.id,
            experiment_id=place.experiment.id,
            parameters=given,
        )


def test_a_recurring_run_is_kept_as_it_was_made(place: Place) -> None:
    found = place.uploaded()
    made = place.kubeflow.recurring.create(
        place.mark,
        pipeline_id=found.pipeline.id,
        version_id=found.version.id,
        experiment_id=place.experiment.id,
        cron=NEVER,
        zone="Europe/Berlin",
        catchup=True,
        max_concurrency=3,
        enabled=False,
        parameters={"text": "a"},
        description="mark:b",
    )
    again = place.kubeflow.recurring.get(made.id)
    assert again == made
    assert again is not None
    assert (again.cron, again.zone, again.catchup) == (NEVER, "Europe/Berlin", True)
    assert (again.max_concurrency, again.enabled) == (3, False)
    assert (again.version_id, again.parameters) == (found.version.id, {"text": "a"})
    assert "mark:b" in again.description


def test_without_a_version_a_recurring_run_follows_the_latest(place: Place) -> None:
    found = place.uploaded()
    made = place.kubeflow.recurring.create(
        place.mark, pipeline_id=found.pipeline.id, experiment_id=place.experiment.id,
        cron=NEVER, enabled=False, parameters={"text": "a"},
    )  # fmt: skip
    assert made.version_id is None


def test_a_recurring_run_is_switched_and_deleted_twice_without_harm(place: Place) -> None:
    found = place.uploaded()
    made = place.kubeflow.recurring.create(
        place.mark, pipeline_id=found.pipeline.id, version_id=found.version.id,
        experiment_id=place.experiment.id, cron=NEVER, parameters={"text": "a"},
    )  # fmt: skip
    for switch, enabled in [(place.kubeflow.recurring.disable, False),
                            (place.kubeflow.recurring.enable, True)]:  # fmt: skip
        for _ in range(2):
            assert switch(made.id)
        again = place.kubeflow.recurring.get(made.id)
        assert again is not None
        assert again.enabled is enabled
    assert place.kubeflow.recurring.in_flight(made) == 0
    for _ in range(2):
        place.kubeflow.recurring.delete(made.id)
    assert place.kubeflow.recurring.get(made.id) is None


@pytest.mark.parametrize("cron", ["", "every day", "61 0 0 * * *", "TZ=Europe/Berlin 0 0 5 * * *"])
def test_a_schedule_that_is_none_is_refused(place: Place, cron: str) -> None:
    found = place.uploaded()
    with pytest.raises(BadInput):
        place.kubeflow.recurring.create(
            place.mark, pipeline_id=found.pipeline.id, experiment_id=place.experiment.id,
            cron=cron, parameters={"text": "a"},
        )  # fmt: skip


@pytest.mark.parametrize("most", [0, 11])
def test_one_to_ten_runs_at_once(place: Place, most: int) -> None:
    found = place.uploaded()
    with pytest.raises(BadInput):
        place.kubeflow.recurring.create(
            place.mark, pipeline_id=found.pipeline.id, experiment_id=place.experiment.id,
            cron=NEVER, max_concurrency=most, parameters={"text": "a"},
        )  # fmt: skip


def test_lists_are_filtered_and_sorted(place: Place) -> None:
    found = place.uploaded()
    names = [f"{place.mark}-{letter}" for letter in "bca"]
    for name in names:
        place.kubeflow.recurring.create(
            name, pipeline_id=found.pipeline.id, experiment_id=place.experiment.id, cron=NEVER,
            enabled=False, parameters={"text": "a"}, description=f"of:{name[-1]}",
        )  # fmt: skip
    listed = place.kubeflow.recurring.list

    def shown(**wanted: object) -> list[str]:
        rows = listed(experiment_id=place.experiment.id, **wanted)  # type: ignore[arg-type]
        return [one.name[-1] for one in rows]

    assert shown(sort_by="name") == ["a", "b", "c"]
    assert shown(sort_by="name desc") == ["c", "b", "a"]
    assert shown(name=names[0]) == ["b"]
    assert shown(sort_by="name", name__in=names[1:]) == ["a", "c"]
    assert shown(description__contains="of:c") == ["c"]
