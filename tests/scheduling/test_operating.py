"""One schedule in people's hands: looked at, paused, resumed, deleted."""

from __future__ import annotations

import pytest

from phasegate.errors import BadInput
from phasegate.kubeflow.api import Kubeflow
from phasegate.scheduling.applying import apply_schedules, plan_schedules
from phasegate.scheduling.convergence import Outcome
from phasegate.scheduling.operating import (
    delete_schedule,
    list_schedules,
    pause_schedule,
    resume_schedule,
)
from phasegate.scheduling.plan import Kind
from phasegate.scheduling.reading import Declaration
from tests.kubeflow.fake import FakeKubeflow
from tests.scheduling.conftest import Declare
from tests.scheduling.declaring import NOW


def _apply(kubeflow: Kubeflow, declaration: Declaration) -> Outcome:
    return apply_schedules(kubeflow, declaration, NOW, settle_seconds=0)


def _kinds(kubeflow: Kubeflow, declaration: Declaration) -> list[Kind]:
    return [one.kind for one in plan_schedules(kubeflow, declaration, NOW)]


def test_by_hand(fake: FakeKubeflow, kubeflow: Kubeflow, declare: Declare) -> None:
    declaration = declare("nightly", "weekly", more="respect_pause: true")
    _apply(kubeflow, declaration)
    assert len(pause_schedule(kubeflow, declaration, "nightly")) == 1
    assert pause_schedule(kubeflow, declaration, "nightly") == []
    assert _kinds(kubeflow, declaration) == [Kind.HELD, Kind.UNCHANGED]
    resume_schedule(kubeflow, declaration, "nightly", NOW)
    assert _kinds(kubeflow, declaration) == [Kind.UNCHANGED, Kind.UNCHANGED]
    run = fake.trigger(kubeflow_id := next(kubeflow.recurring.list()).id)
    assert run is not None
    listed = list_schedules(kubeflow, declaration)
    assert [(one.schedule, one.in_flight) for one in listed] == [("nightly", 1), ("weekly", 0)]
    deleted, left = delete_schedule(kubeflow, declaration, "nightly", settle_seconds=0)
    assert (deleted, [one.id for one in left]) == ([], [kubeflow_id])
    fake.advance(run, "FAILED")
    deleted, left = delete_schedule(kubeflow, declaration, "nightly", settle_seconds=0)
    assert ([one.id for one in deleted], left) == ([kubeflow_id], [])
    with pytest.raises(BadInput, match="there is no schedule 'nightly' of fraud on the backend"):
        pause_schedule(kubeflow, declaration, "nightly")
    with pytest.raises(BadInput, match=r"none, or another, than is declared"):
        resume_schedule(kubeflow, declaration, "nightly", NOW)
    with pytest.raises(BadInput, match=r"'daily'.*one of nightly, weekly"):
        resume_schedule(kubeflow, declaration, "daily", NOW)
