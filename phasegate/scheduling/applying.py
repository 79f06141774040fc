"""Plan and apply a file of schedules against a backend."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from phasegate.errors import BadInput
from phasegate.kubeflow.api import Kubeflow
from phasegate.scheduling.backend import Backend
from phasegate.scheduling.convergence import (
    Create,
    Delete,
    Disable,
    Enable,
    Observe,
    Outcome,
    Step,
    converge,
)
from phasegate.scheduling.plan import Catalog, Change, plan
from phasegate.scheduling.reading import Declaration

SETTLE_SECONDS = 5.0


def plan_schedules(
    kubeflow: Kubeflow, declaration: Declaration, now: datetime
) -> tuple[Change, ...]:
    """What an apply would do; nothing is changed.

    Raises:
        BadInput: the backend refuses.
        Unavailable: it does not answer.
    """
    backend = Backend(kubeflow, declaration.owner)
    declared = [one.on_backend(now) for one in declaration.schedules]
    catalog = backend.catalog(declaration.schedules)
    return plan(declared, backend.observe(declared, catalog), catalog)


def apply_schedules(
    kubeflow: Kubeflow,
    declaration: Declaration,
    now: datetime,
    *,
    settle_seconds: float = SETTLE_SECONDS,
    tell: Callable[[Step], None] = lambda _: None,
) -> Outcome:
    """Bring the backend to what is declared, as far as that goes without killing a run.

    Args:
        kubeflow: the backend.
        declaration: the file.
        now: the time, which summer time goes by.
        settle_seconds: how long after switching off it is waited before anything is deleted:
            the controller that starts runs learns of it a moment later than the API.
        tell: is told each step before it is taken.

    Raises:
        BadInput: the backend refuses; what was done stays, and the next apply goes on.
        Unavailable: it does not answer; likewise.
    """
    backend = Backend(kubeflow, declaration.owner)
    declared = [one.on_backend(now) for one in declaration.schedules]
    catalog = backend.publish(declaration.schedules)
    steps = converge(declared, catalog)
    answer: object = None
    while True:
        try:
            step = steps.send(answer)
        except StopIteration as end:
            return end.value
        tell(step)
        match step:
            case Observe():
                answer = backend.observe(declared, catalog)
            case Create():
                answer = _create(backend, step, catalog)
            case Enable():
                answer = backend.switch(step.recurring, on=True)
            case Disable():
                answer = backend.switch(step.recurring, on=False)
            case Delete():
                answer = backend.delete(step.recurring)
            case _:
                answer = time.sleep(settle_seconds)


def _create(backend: Backend, step: Create, catalog: Catalog) -> None:
    one = step.wanted.schedule
    if one.experiment not in catalog.experiments or one.pipeline not in catalog.pipelines:
        raise BadInput(
            "its pipeline or experiment was deleted just now",
            where=f"schedule {one.name} (line {one.line})",
            fix="apply again",
        )
    backend.create(step.wanted, step.enabled, catalog)
