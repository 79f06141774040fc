"""KServe's and Knative's controllers as their sources describe them, one step at a time.

KServe 0.21: ``createKnativeService`` (traffic of the Knative Service) and ``PropagateStatus``
(which revision counts as rolled out). Knative: configurations make revisions and know the latest
ready one, routes resolve it, and each learns of the others only by its own step.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from phasegate.traffic.kserve.serverless.standing import Revision, Standing

LATEST = "latest"


@dataclass
class Model:
    """One revision, as Knative keeps it."""

    name: str
    digest: str
    ready: bool = False


@dataclass
class Simulation:
    """An InferenceService, its Knative Service, configuration and route."""

    digest: str = ""
    percent: int | None = None
    template: str = ""
    asked: list[tuple[str, int]] = field(default_factory=list)
    generation: int = 0
    revisions: list[Model] = field(default_factory=list)
    config_created: str = ""
    config_ready: str = ""
    routed: list[tuple[str, bool, int]] = field(default_factory=list)
    # What the Knative Service says of these two, and what KServe makes of that.
    created: str = ""
    ready: str = ""
    traffic: list[tuple[str, bool, int]] = field(default_factory=list)
    rolled_out: str = ""
    previous: str = ""
    seen: tuple[str, str, tuple[tuple[str, bool, int], ...]] = ("", "", ())

    def kserve(self) -> None:
        """The InferenceService's controller."""
        asked = [(LATEST, 100)]
        if self.percent is not None and self.rolled_out:
            asked = [(LATEST, self.percent)]
            if self.percent < 100:
                asked.append((self.rolled_out, 100 - self.percent))
        if (self.template, self.asked) != (self.digest, asked):
            self.generation += self.template != self.digest
            self.template, self.asked = self.digest, asked
        total: dict[str, int] = {}
        for name, _, percent in self.traffic:
            total[name] = total.get(name, 0) + percent
        for name, latest, percent in self.traffic:
            if not latest or name != self.ready:
                continue
            if self.rolled_out != self.ready:
                if percent == 100:
                    self.previous, self.rolled_out = self.rolled_out, self.ready
            elif self.ready == self.created and percent < 100 and total[name] == 100:
                self.rolled_out = self.previous or self.rolled_out
        self.seen = (self.created, self.ready, tuple(self.traffic))

    def configuration(self) -> None:
        """Knative's controller of revisions."""
        name = f"r{self.generation}"
        if self.template and not any(one.name == name for one in self.revisions):
            self.revisions.append(Model(name, self.template))
        if self.revisions:
            self.config_created = self.revisions[-1].name
        names = [one.name for one in self.revisions]
        first = names.index(self.config_ready) if self.config_ready else 0
        for one in reversed(self.revisions[first:]):
            if one.ready:
                self.config_ready = one.name
                break

    def route(self) -> None:
        """Knative's controller of traffic."""
        if self.config_ready:
            self.routed = [
                (self.config_ready, True, percent) if name == LATEST else (name, False, percent)
                for name, percent in self.asked
            ]

    def service(self) -> None:
        """Knative's controller of the Service: it copies both statuses."""
        if self.config_created == f"r{self.generation}":
            self.created, self.ready = self.config_created, self.config_ready
        self.traffic = list(self.routed)

    def become_ready(self) -> None:
        """The newest revision's pods are up."""
        if self.revisions:
            self.revisions[-1].ready = True

    def settle(self) -> None:
        """All controllers, until nothing changes."""
        while True:
            before = repr(self)
            self.kserve()
            self.configuration()
            self.route()
            self.service()
            if repr(self) == before:
                return

    def shares(self) -> dict[str, int]:
        """Per cent that each digest is routed now."""
        digests = {one.name: one.digest for one in self.revisions}
        shares: dict[str, int] = {}
        for name, _, percent in self.routed:
            if percent:
                shares[digests[name]] = shares.get(digests[name], 0) + percent
        return shares

    def standing(self) -> Standing:
        """What an InferenceService's status would say."""
        created, ready, traffic = self.seen
        known = {
            one.name: Revision(one.name, one.digest, ready=one.ready) for one in self.revisions
        }
        percents: dict[str, int] = {}
        for name, _, percent in traffic:
            percents[name] = percents.get(name, 0) + percent
        return Standing(
            "card-fraud", self.digest, f"gs://models/{self.digest}", self.percent,
            known.get(created), known.get(ready), known.get(self.rolled_out),
            known.get(self.previous), percents,
        )  # fmt: skip
