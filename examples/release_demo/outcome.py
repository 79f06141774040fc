"""Whether a release ended as it must, and nobody was hurt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from examples.production.production import Production
from examples.release_demo.journey import Journey
from examples.release_demo.witness import Seen
from phasegate.registry.models import CHAMPION
from phasegate.release.record import Status
from phasegate.release.report import release_report
from phasegate.release.store.auditing import audited


@dataclass(frozen=True)
class Outcome:
    """A journey, and what is wrong with its end.

    Attributes:
        journey: that ended.
        report: the release on one page.
        audit: what the audit of the log found, in a word.
        flaws: what is not as it must be; empty where everything is.
    """

    journey: Journey
    report: Path
    audit: str
    flaws: tuple[str, ...]

    def with_flaws(self, more: Iterable[str]) -> Outcome:
        """The same, with more flaws."""
        return replace(self, flaws=(*self.flaws, *more))


def outcome_of(production: Production, journey: Journey, reports: Path) -> Outcome:
    """Check the end of a journey, and write its report."""
    chain = audited(production.releases, production.name)
    reports.mkdir(parents=True, exist_ok=True)
    page = reports / f"{journey.scenario.name}.html"
    entries = production.releases.entries(production.name)
    page.write_text(
        release_report(
            entries, lambda digest: production.releases.evidence(production.name, digest)
        ),
        encoding="utf-8",
    )
    flaws = (*_flaws(production, journey), *(f"audit: {flaw.what}" for flaw in chain.flaws))
    audit = f"intact, {chain.entries} entries" if chain.is_intact else "NOT INTACT"
    return Outcome(journey, page, audit, flaws)


def unrecorded(seen: Sequence[Seen]) -> Iterator[str]:
    """A flaw for each state of the proxy that no record asks for."""
    for champion, challenger, weight, mirror in seen:
        yield (
            f"the proxy gave {weight / 100:g} % to {challenger or 'nobody'} beside {champion}, "
            f"with {mirror / 100:g} % copied, and no record asks for that"
        )


def _flaws(production: Production, journey: Journey) -> Iterator[str]:
    scenario, record = journey.scenario, journey.end.record
    if record.status is not scenario.ends:
        yield f"it is {record.status}, expected {scenario.ends}"
    if record.status is Status.ROLLED_BACK and record.current.name != scenario.within:
        yield f"it was rolled back in {record.current.name}, expected {scenario.within}"
    if journey.failed:
        yield f"{journey.failed.total()} requests of users failed: {dict(journey.failed)}"
    if journey.by_role.total() != journey.requests:
        yield f"{journey.by_role.total()} answers to {journey.requests} requests"
    yield from _share_flaws(journey)
    champion = journey.challenger if record.status is Status.PROMOTED else journey.champion
    named = production.world.registry.aliases(production.name).get(CHAMPION)
    if str(named) != champion.version.rpartition("/")[2]:
        yield f"the registry's champion is version {named}, expected {champion.version}"
    state = production.world.target.observe()
    if state.challenger is not None or state.champion.backend.name != champion.digest[:12]:
        yield f"the proxy still serves {state.champion.backend.name} and a challenger"


def _share_flaws(journey: Journey) -> Iterator[str]:
    """Users may meet the challenger where its phase gives it a share, and nowhere else."""
    met = journey.by_role["challenger"]
    if not any(day.weight for day in journey.days) and met:
        yield f"{met} requests of users were answered by a challenger that only got copies"
    if journey.scenario.ends is Status.PROMOTED and not met:
        yield "no user ever met the challenger"
