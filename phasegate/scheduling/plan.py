"""Compare what is declared with what a backend has. Pure.

Of each schedule one recurring run is kept: the oldest that is exactly what is declared. All who
plan choose the same, so that two who apply at once end with one: whichever lists last sees both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from phasegate.kubeflow.objects import Recurring
from phasegate.scheduling.declaration import LATEST, Wanted, mark_of


class Kind(StrEnum):
    """What is to be done, or why nothing is."""

    CREATE = "create"
    REPLACE = "replace"
    RESUME = "resume"
    PAUSE = "pause"
    RETIRE = "retire"  # switch off what is not declared any more, or is there twice
    DELETE = "delete"
    DRAINING = "draining"
    HELD = "held"
    UNCHANGED = "unchanged"

    @property
    def acts(self) -> bool:
        """Whether the backend is changed."""
        return self not in (Kind.DRAINING, Kind.HELD, Kind.UNCHANGED)


@dataclass(frozen=True, slots=True)
class Observed:
    """A recurring run of ours, as the backend has it.

    Attributes:
        recurring: the recurring run.
        in_flight: how many of its runs have not ended; None where nobody asked.
    """

    recurring: Recurring
    in_flight: int | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """Identifiers on the backend by the names that are declared; absent where there is none.

    Attributes:
        pipelines: by name.
        versions: by identifier of the pipeline and what `Schedule.version` says.
        experiments: by name.
    """

    pipelines: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[tuple[str, str], str] = field(default_factory=dict)
    experiments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """What of a schedule is not as declared.

    Attributes:
        what: such as ``cron`` or ``parameters.store``.
        before: on the backend.
        after: as declared.
    """

    what: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done about a schedule, or why nothing is.

    Attributes:
        kind: what.
        schedule: its name.
        wanted: what is declared; None where it is not any more.
        recurring: the recurring run that it is done to; of a replacement, the one that is replaced.
        enabled: of what is made: whether it is switched on.
        reason: why, in words.
        differences: of a replacement.
        in_flight: how many runs are waited for.
    """

    kind: Kind
    schedule: str
    wanted: Wanted | None = None
    recurring: Recurring | None = None
    enabled: bool = True
    reason: str = ""
    differences: tuple[Difference, ...] = ()
    in_flight: int = 0


def plan(
    declared: Sequence[Wanted], observed: Iterable[Observed], catalog: Catalog = Catalog()
) -> tuple[Change, ...]:
    """What has to be done, in the order in which it is safe.

    Args:
        declared: all schedules of an owner.
        observed: recurring runs of that owner, and of nobody else.
        catalog: of the backend.
    """
    changes: list[Change] = []
    ours = _by_schedule(observed)
    for wanted in declared:
        name = wanted.schedule.name
        found = ours.pop(name, [])
        keep = _kept(wanted, found, catalog)
        others = [one for one in found if one is not keep]
        changes.append(_main(wanted, keep, others, catalog))
        changes += [_surplus(name, one, "it is replaced") for one in others]
    for name, found in ours.items():
        changes += [_surplus(name, one, "it is not declared any more") for one in found]
    return tuple(changes)


def surplus(
    declared: Sequence[Wanted], observed: Iterable[Observed], catalog: Catalog = Catalog()
) -> list[Recurring]:
    """Recurring runs that are not kept: whether their runs have ended matters to a plan."""
    changes = plan(declared, observed, catalog)
    gone = (Kind.RETIRE, Kind.DELETE, Kind.DRAINING)
    return [one.recurring for one in changes if one.kind in gone and one.recurring]


def differences(wanted: Wanted, recurring: Recurring, catalog: Catalog) -> tuple[Difference, ...]:
    """What of a recurring run is not as declared, but for whether it is switched on."""
    one = wanted.schedule
    pipeline_id = catalog.pipelines.get(one.pipeline)
    version_id = catalog.versions.get((pipeline_id or "", one.version))
    pairs: list[tuple[str, Any, Any]] = []
    if recurring.pipeline_id != pipeline_id:
        known = {value: key for key, value in catalog.pipelines.items()}
        before = known.get(recurring.pipeline_id, "one that is not there any more")
        pairs.append(("pipeline", before, one.pipeline))
    if one.version == LATEST:
        if recurring.version_id is not None:
            pairs.append(("version", _version(recurring.version_id, catalog), LATEST))
    elif version_id is None or recurring.version_id != version_id:
        pairs.append(("version", _version(recurring.version_id, catalog), one.version[:12]))
    pairs += [
        ("cron", recurring.cron, wanted.cron.text),
        ("catch_up", recurring.catchup, one.catch_up),
        ("max_concurrency", recurring.max_concurrency, one.max_concurrency),
    ]
    if recurring.experiment_id != catalog.experiments.get(one.experiment):
        known = {value: key for key, value in catalog.experiments.items()}
        pairs.append(("experiment", known.get(recurring.experiment_id, "another"), one.experiment))
    if one.service_account:
        pairs.append(("service_account", recurring.service_account, one.service_account))
    for name in sorted({*one.parameters, *recurring.parameters}):
        before, after = recurring.parameters.get(name), one.parameters.get(name)
        pairs.append((f"parameters.{name}", before, after))
    mark = mark_of(recurring.description)
    found = tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])
    if not found and mark and mark.digest != wanted.digest:
        return (Difference("digest", mark.digest[:12], wanted.digest[:12]),)
    return found


def _by_schedule(observed: Iterable[Observed]) -> dict[str, list[Observed]]:
    found: dict[str, list[Observed]] = {}
    for one in sorted(observed, key=lambda one: (one.recurring.created, one.recurring.id)):
        if mark := mark_of(one.recurring.description):
            found.setdefault(mark.schedule, []).append(one)
    return found


def _kept(wanted: Wanted, found: list[Observed], catalog: Catalog) -> Observed | None:
    return next((one for one in found if not differences(wanted, one.recurring, catalog)), None)


def _main(
    wanted: Wanted, keep: Observed | None, others: list[Observed], catalog: Catalog
) -> Change:
    one = wanted.schedule
    on = [other.recurring for other in others if other.recurring.enabled]
    if keep is None:
        paused = bool(others) and not on
        enabled = one.enabled and not (one.respect_pause and paused)
        if not others:
            return Change(Kind.CREATE, one.name, wanted, enabled=enabled)
        old = (on or [other.recurring for other in others])[-1]
        mark = mark_of(old.description)
        by_hand = mark is not None and mark.digest == wanted.digest
        reason = "it was edited by hand, or its pipeline is gone" if by_hand else ""
        return Change(Kind.REPLACE, one.name, wanted, old, enabled, reason,
                      differences(wanted, old, catalog))  # fmt: skip
    kept = keep.recurring
    if kept.enabled == one.enabled:
        return Change(Kind.UNCHANGED, one.name, wanted, kept)
    if kept.enabled:
        return Change(Kind.PAUSE, one.name, wanted, kept, reason="it is declared as switched off")
    if one.respect_pause and not on:
        reason = f"it was switched off by hand; phasegate schedule resume {one.name}"
        return Change(Kind.HELD, one.name, wanted, kept, reason=reason)
    return Change(Kind.RESUME, one.name, wanted, kept, reason="it was switched off by hand")


def _surplus(name: str, one: Observed, why: str) -> Change:
    if one.recurring.enabled:
        kind, reason = Kind.RETIRE, why
    elif one.in_flight is None or one.in_flight > 0:
        kind, reason = Kind.DRAINING, f"{why}; its runs in flight go on"
    else:
        kind, reason = Kind.DELETE, f"{why}, and its runs have ended"
    return Change(kind, name, recurring=one.recurring, reason=reason, in_flight=one.in_flight or 0)


def _version(version_id: str | None, catalog: Catalog) -> str:
    if version_id is None:
        return LATEST
    known = {value: key[1] for key, value in catalog.versions.items() if key[1] != LATEST}
    return known.get(version_id, version_id)[:12]
