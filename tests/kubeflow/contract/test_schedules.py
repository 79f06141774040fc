"""Schedules on the fake and on a real backend: as declared, changed, and taken away again."""

from __future__ import annotations

from phasegate.clock import now
from phasegate.scheduling.applying import apply_schedules, plan_schedules
from phasegate.scheduling.plan import Kind
from phasegate.scheduling.reading import load_schedules
from tests.kubeflow.contract.conftest import Place
from tests.kubeflow.samples import SMALL

_NEVER = "0 0 0 29 2 *"


def _declare(place: Place, body: str) -> list[Kind]:
    """Apply a file, and plan it again."""
    (place.folder / "small.yaml").write_text(SMALL.replace("small", f"{place.mark}-small"))
    path = place.folder / "schedules.yaml"
    path.write_text(
        f"version: 1\nname: {place.mark}\nexperiment: {place.experiment.name}\nschedules: {body}\n"
    )
    declaration = load_schedules(path)
    outcome = apply_schedules(place.kubeflow, declaration, now(), settle_seconds=1)
    assert outcome.converged
    found = place.kubeflow.pipelines.named(f"{place.mark}-small")
    if found and found.id not in place.pipelines:
        place.pipelines.append(found.id)
    return [one.kind for one in plan_schedules(place.kubeflow, declaration, now())]


def test_a_schedule_from_its_making_to_its_end(place: Place) -> None:
    pipeline = f'{{pipeline: small.yaml, cron: "{_NEVER}", parameters: {{text: a, count: 5}}'
    assert _declare(place, f"{{leap: {pipeline}}}}}") == [Kind.UNCHANGED]
    (made,) = place.kubeflow.recurring.list(experiment_id=place.experiment.id)
    assert made.enabled
    assert made.name.startswith(f"{place.mark}.leap.")
    assert _declare(place, f"{{leap: {pipeline}, enabled: false}}}}") == [Kind.UNCHANGED]
    (paused,) = place.kubeflow.recurring.list(experiment_id=place.experiment.id)
    assert (paused.id, paused.enabled) == (made.id, False), "it is switched, not made anew"
    assert _declare(place, f"{{leap: {pipeline}, version: latest}}}}") == [Kind.UNCHANGED]
    (followed,) = place.kubeflow.recurring.list(experiment_id=place.experiment.id)
    assert (followed.version_id, followed.enabled) == (None, True)
    assert _declare(place, "{}") == []
    assert list(place.kubeflow.recurring.list(experiment_id=place.experiment.id)) == []
