"""What to do next until a backend is as declared; whoever drives it does it. Pure.

Each round looks anew, so that it may be killed anywhere and begun again, or run by two at once.
What is new is made before what is old is switched off: a run may start twice in that moment, and
none is left out. What is switched off is deleted in a later round, once its runs have ended.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from phasegate.kubeflow.objects import Recurring
from phasegate.scheduling.declaration import Wanted
from phasegate.scheduling.plan import Catalog, Change, Kind, Observed, plan

ROUNDS = 8  # more are needed only where somebody else keeps changing the same schedules


@dataclass(frozen=True, slots=True)
class Observe:
    """List the owner's recurring runs: a tuple of `Observed` is sent back."""


@dataclass(frozen=True, slots=True)
class Create:
    """Make a recurring run."""

    wanted: Wanted
    enabled: bool


@dataclass(frozen=True, slots=True)
class Enable:
    """Switch a recurring run on; none that is gone."""

    recurring: Recurring


@dataclass(frozen=True, slots=True)
class Disable:
    """Switch a recurring run off; none that is gone."""

    recurring: Recurring


@dataclass(frozen=True, slots=True)
class Settle:
    """Wait until whoever starts runs has seen what was switched off."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a recurring run, if it is still off and none of its runs is in flight.

    Whether it was is sent back.
    """

    recurring: Recurring


Step = Observe | Create | Enable | Disable | Settle | Delete


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        done: changes that were carried out, in order.
        left: the plan in the end; what acts in it is not done.
    """

    done: tuple[Change, ...]
    left: tuple[Change, ...]

    @property
    def converged(self) -> bool:
        """Whether nothing is left to do but to wait for runs in flight."""
        return not any(one.kind.acts for one in self.left)


def converge(declared: Sequence[Wanted], catalog: Catalog) -> Generator[Step, Any, Outcome]:
    """Steps to take, one after the other; the outcome is returned.

    Args:
        declared: all schedules of an owner.
        catalog: of the backend, with all that is declared.
    """
    done: list[Change] = []
    switched = False
    changes: tuple[Change, ...] = ()
    for _ in range(ROUNDS):
        observed: tuple[Observed, ...] = yield Observe()
        changes = plan(declared, observed, catalog)
        urgent = [one for one in changes if one.kind.acts and one.kind is not Kind.DELETE]
        gone = [one for one in changes if one.kind is Kind.DELETE]
        if urgent:
            for change in sorted(urgent, key=lambda one: one.kind in (Kind.PAUSE, Kind.RETIRE)):
                yield _step(change)
                switched = switched or change.kind in (Kind.PAUSE, Kind.RETIRE)
                done.append(change)
        elif gone and switched:
            yield Settle()
            switched = False
        elif gone:
            for change in gone:
                if (yield _step(change)):
                    done.append(change)
        else:
            break
    return Outcome(tuple(done), changes)


def _step(change: Change) -> Step:
    recurring = change.recurring
    if change.kind in (Kind.CREATE, Kind.REPLACE) and change.wanted:
        return Create(change.wanted, change.enabled)
    assert recurring is not None
    match change.kind:
        case Kind.RESUME:
            return Enable(recurring)
        case Kind.DELETE:
            return Delete(recurring)
    return Disable(recurring)
