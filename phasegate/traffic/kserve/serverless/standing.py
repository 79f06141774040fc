"""What an InferenceService in Knative mode is like, read from its manifest and its revisions.

Its ``observedGeneration`` says nothing here: KServe copies that of the Knative Service, which
counts on its own. What is asked for and what is there are compared by the model's digest instead,
which KServe copies to each revision.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from phasegate.errors import BadInput
from phasegate.kubernetes.cluster import MANAGER
from phasegate.traffic.kserve.slots import MODEL_DIGEST as DIGEST
from phasegate.traffic.kserve.slots import MODEL_VERSION as VERSION

MODE = "serving.kserve.io/deploymentMode"
KILLING = f"{MANAGER}-kill-"  # start of the field managers that kills own the percentage under
STORAGE = "internal.serving.kserve.io/storage-initializer-sourceuri"  # KServe's, on revisions

_KNATIVE = ("Knative", "Serverless")  # the second is what older versions call it


@dataclass(frozen=True, slots=True)
class Revision:
    """One Knative revision: a model that was asked for once, with pods or without.

    Attributes:
        name: of the revision, and of the Service that leads to it and to nothing else.
        digest: of the model that it serves; empty where it serves none of ours.
        version: ``NAME/NUMBER`` of that model in the registry.
        storage_uri: where KServe fetches it from.
        ready: whether it can answer; one without pods can, after a cold start.
        problem: why it is not ready.
    """

    name: str
    digest: str
    version: str = ""
    storage_uri: str = ""
    ready: bool = True
    problem: str = ""

    @property
    def slot(self) -> str:
        """What a backend of it is called; empty where it serves none of our models."""
        return self.digest[:12]


@dataclass(frozen=True, slots=True)
class Standing:
    """An InferenceService and the revisions that its traffic depends on.

    Attributes:
        name: of the InferenceService.
        digest: of the model that is asked for.
        storage_uri: where that is.
        percent: ``canaryTrafficPercent``, the share of the newest ready revision; None where the
            field is absent, and all goes there.
        created: the newest revision.
        ready: the newest one that became ready: what KServe calls the latest.
        rolled_out: the last that got everything, which gets what the latest does not.
        previous: the one that got everything before it.
        traffic: per cent that are routed to each revision, by its name.
    """

    name: str
    digest: str
    storage_uri: str
    percent: int | None
    created: Revision | None
    ready: Revision | None
    rolled_out: Revision | None
    previous: Revision | None
    traffic: Mapping[str, int]

    @property
    def slot(self) -> str:
        """Of the model that is asked for."""
        return self.digest[:12]

    @property
    def up_to_date(self) -> bool:
        """Whether the newest revision became ready, and serves the model that is asked for."""
        newest = self.created
        return newest is not None and newest == self.ready and newest.digest == self.digest

    @property
    def answers(self) -> bool:
        """Whether it still is ready: Knative keeps it as the latest when it crashes."""
        return self.up_to_date and self.created is not None and self.created.ready

    def revisions(self) -> tuple[Revision, ...]:
        """All that are known, the latest first, each once."""
        known = (self.ready, self.created, self.rolled_out, self.previous)
        return tuple(dict.fromkeys(one for one in known if one is not None))

    def serving(self, slot: str) -> Revision | None:
        """The revision of a model that traffic can be sent to; None where it has none ready."""
        found = self.known(slot)
        return found if found is not None and found.ready else None

    def known(self, slot: str) -> Revision | None:
        """The revision of a model: a ready one if there is any, and that with most traffic."""
        found = [one for one in self.revisions() if one.slot == slot]
        return max(found, key=lambda one: (one.ready, self.traffic.get(one.name, 0)), default=None)

    def shares(self) -> dict[str, int]:
        """Basis points that each slot really gets; all revisions of a model together."""
        slots = {one.name: one.slot for one in self.revisions()}
        shares: Counter[str] = Counter()
        for name, percent in self.traffic.items():
            if percent:
                shares[slots.get(name) or name] += percent * 100
        return dict(shares)


def revision_names(service: Mapping[str, Any]) -> list[str]:
    """Names of the revisions that an InferenceService's status speaks of."""
    status = _predictor(service)
    names = [
        status.get(key)
        for key in (
            "latestReadyRevision",
            "latestCreatedRevision",
            "latestRolledoutRevision",
            "previousRolledoutRevision",
        )
    ]
    names += [one.get("revisionName") for one in status.get("traffic") or ()]
    return list(dict.fromkeys(name for name in names if name))


def standing_of(
    service: Mapping[str, Any], revisions: Iterable[Mapping[str, Any] | None]
) -> Standing:
    """What an InferenceService is like.

    Args:
        service: its manifest.
        revisions: manifests of those of `revision_names` that are still there.

    Raises:
        BadInput: it is not in Knative mode, where ``canaryTrafficPercent`` does nothing.
    """
    _refuse_other_modes(service)
    known = {found.name: found for found in map(_revision, filter(None, revisions))}
    about, status = service["metadata"], _predictor(service)
    predictor = service["spec"]["predictor"]
    traffic: Counter[str] = Counter()
    for target in status.get("traffic") or ():
        traffic[target.get("revisionName", "")] += target.get("percent") or 0
    return Standing(
        name=about["name"],
        digest=(about.get("annotations") or {}).get(DIGEST, ""),
        storage_uri=(predictor.get("model") or {}).get("storageUri") or "",
        percent=predictor.get("canaryTrafficPercent"),
        created=known.get(status.get("latestCreatedRevision", "")),
        ready=known.get(status.get("latestReadyRevision", "")),
        rolled_out=known.get(status.get("latestRolledoutRevision", "")),
        previous=known.get(status.get("previousRolledoutRevision", "")),
        traffic=dict(traffic),
    )


def editors(service: Mapping[str, Any]) -> tuple[str, ...]:
    """Field managers other than ours that own the percentage: who set it last."""
    return tuple(
        entry.get("manager", "")
        for entry in service["metadata"].get("managedFields") or ()
        if entry.get("manager") != MANAGER
        and not entry.get("manager", "").startswith(KILLING)
        and "f:canaryTrafficPercent"
        in ((entry.get("fieldsV1") or {}).get("f:spec") or {}).get("f:predictor", {})
    )


def _revision(manifest: Mapping[str, Any]) -> Revision:
    about, status = manifest["metadata"], manifest.get("status") or {}
    notes = about.get("annotations") or {}
    conditions = {one["type"]: one for one in status.get("conditions") or ()}
    ready = conditions.get("Ready", {})
    current = status.get("observedGeneration", 0) >= about.get("generation", 0)
    told = ": ".join(filter(None, (ready.get("reason"), ready.get("message"))))
    return Revision(
        name=about["name"],
        digest=notes.get(DIGEST, ""),
        version=notes.get(VERSION, ""),
        storage_uri=notes.get(STORAGE, ""),
        ready=current and ready.get("status") == "True",
        problem="" if ready.get("status") == "True" else told or "not ready yet",
    )


def _refuse_other_modes(service: Mapping[str, Any]) -> None:
    about = service["metadata"]
    asked = (about.get("annotations") or {}).get(MODE)
    mode = (service.get("status") or {}).get("deploymentMode") or asked
    if mode not in _KNATIVE:
        raise BadInput(
            f"its deployment mode is {mode or 'not known'}, in which KServe ignores"
            " canaryTrafficPercent",
            where=f"InferenceService {about['namespace']}/{about['name']}",
            expected=f"annotation {MODE}: Knative, which cannot be changed later",
            fix="make it with the serverless overlay, or use kserve-gateway:NAMESPACE/NAME",
        )


def _predictor(service: Mapping[str, Any]) -> Mapping[str, Any]:
    components = (service.get("status") or {}).get("components") or {}
    return components.get("predictor") or {}
