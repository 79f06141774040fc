"""Slots: two InferenceServices that take turns, one with the champion and one for what comes next.

The overlay owns all of a slot but its model. Which model that is, three fields say, and they are
ours alone: the address of its files, its digest and its version, always written together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from phasegate.errors import BadInput
from phasegate.traffic.plan import Backend

MODEL_DIGEST = "phasegate.dev/model-digest"
MODEL_VERSION = "phasegate.dev/version"
PORT = 80  # of a predictor's Service

_DIGEST = re.compile(r"[0-9a-f]{64}")
_LETTERS = ("a", "b")


@dataclass(frozen=True, slots=True)
class Deployment:
    """A model that is to be served.

    Attributes:
        name: it is served under.
        version: ``NAME/NUMBER`` in the registry.
        digest: sha256 of its files, 64 hex digits.
        storage_uri: where KServe fetches the files from; never changes what it holds.
    """

    name: str
    version: str
    digest: str
    storage_uri: str

    def __post_init__(self) -> None:
        if not _DIGEST.fullmatch(self.digest):
            raise BadInput(
                f"'{self.digest}' is no digest of a model",
                where=self.version,
                expected="64 hex digits",
            )
        if "://" not in self.storage_uri:
            raise BadInput(
                f"'{self.storage_uri}' is no address of model files",
                where=self.version,
                expected="such as gs://BUCKET/PREFIX/models/DIGEST",
            )

    @property
    def slot(self) -> str:
        """What a backend of it is called."""
        return self.digest[:12]


def slot_names(name: str) -> tuple[str, str]:
    """The InferenceServices of a model."""
    first, second = (f"{name}-{letter}" for letter in _LETTERS)
    return first, second


def predictor(slot: str) -> str:
    """A slot's Service and Deployment, as KServe names them."""
    return f"{slot}-predictor"


def slot_backend(slot: str, namespace: str, digest: str, model: str, domain: str) -> Backend:
    """A slot with a model, as plans name it.

    Args:
        slot: the InferenceService.
        domain: of the cluster's names.
    """
    address = f"{predictor(slot)}.{namespace}.svc.{domain}:{PORT}"
    return Backend(digest[:12], address, model)


def service_of(backend: Backend, namespace: str) -> str:
    """The Service that a backend's address means.

    Raises:
        BadInput: it is no Service of the namespace; a route may not lead to others.
    """
    parts = backend.host.split(".")
    if backend.has_ip or parts[1:3] != [namespace, "svc"]:
        raise BadInput(
            f"'{backend.address}' is no Service in namespace {namespace}",
            where=backend.name,
            expected=f"SLOT-predictor.{namespace}.svc.cluster.local:{PORT}",
        )
    return parts[0]


def digest_of(slot: Mapping[str, Any] | None) -> str:
    """Digest of the model that a slot is to serve; empty where it is idle."""
    if slot is None or not storage_of(slot):
        return ""
    return (slot["metadata"].get("annotations") or {}).get(MODEL_DIGEST, "")


def storage_of(slot: Mapping[str, Any]) -> str:
    """Where a slot's model is fetched from; empty where it is idle."""
    model = ((slot.get("spec") or {}).get("predictor") or {}).get("model") or {}
    return model.get("storageUri") or ""


def assigned(slot: Mapping[str, Any] | None) -> Deployment | None:
    """The model that a slot is to serve; None where it is idle."""
    if slot is None or not digest_of(slot):
        return None
    version = slot["metadata"]["annotations"].get(MODEL_VERSION, "")
    return Deployment(version.rpartition("/")[0], version, digest_of(slot), storage_of(slot))


def slot_for(
    digest: str, slots: Mapping[str, Mapping[str, Any] | None], used: Set[str], where: str
) -> str:
    """The slot for a model: where it is already, else one that is idle, else one without traffic.

    Args:
        digest: of the model.
        slots: each InferenceService's manifest by its name; None where it is not there.
        used: names of those that a plan or a route leads to.
        where: for messages.

    Raises:
        BadInput: a slot is not there, or both have traffic.
    """
    if absent := [name for name, slot in slots.items() if slot is None]:
        raise BadInput(
            f"there is no InferenceService {' or '.join(absent)}",
            where=where,
            fix="apply the overlay that makes both slots",
        )
    for name, slot in slots.items():
        if digest_of(slot) == digest:
            return name
    free = [name for name in slots if name not in used]
    if not free:
        held = ", ".join(f"{name} serves {digest_of(slot)[:12]}" for name, slot in slots.items())
        raise BadInput(
            f"both slots are in use: {held}",
            where=where,
            fix="finish the release that is under way, or roll it back",
        )
    return min(free, key=lambda name: bool(digest_of(slots[name])))


def assignment(slot: Mapping[str, Any], model: Deployment | None) -> dict[str, Any]:
    """What is applied to a slot for it to serve a model, or none: our fields and no others.

    Its resourceVersion and uid are preconditions: a slot that changed meanwhile, or is another one
    of the same name, is left alone.

    Args:
        slot: its manifest, as read.
        model: None lets the slot become idle.
    """
    from kserve import (
        V1beta1InferenceService,
        V1beta1InferenceServiceSpec,
        V1beta1ModelSpec,
        V1beta1PredictorSpec,
    )
    from kserve.configuration import Configuration

    about = slot["metadata"]
    metadata = {key: about[key] for key in ("name", "namespace", "uid", "resourceVersion")}
    wanted = V1beta1InferenceService(
        api_version="serving.kserve.io/v1beta1", kind="InferenceService", metadata=metadata
    )
    if model is not None:
        metadata["annotations"] = {MODEL_DIGEST: model.digest, MODEL_VERSION: model.version}
        # The SDK wants a whole model, with a format and a name; those are the overlay's.
        partial = Configuration()
        partial.client_side_validation = False
        served = V1beta1ModelSpec(
            name=None, storage_uri=model.storage_uri, local_vars_configuration=partial
        )
        wanted.spec = V1beta1InferenceServiceSpec(predictor=V1beta1PredictorSpec(model=served))
    return _manifest(wanted)


def _manifest(value: Any) -> Any:
    """An object of the SDK as JSON values, without what is not set.

    The kubernetes client does this up to version 30; a later one does not know the SDK's classes.
    """
    if hasattr(value, "attribute_map"):
        fields = {key: getattr(value, name) for name, key in value.attribute_map.items()}
        return {key: _manifest(one) for key, one in fields.items() if one is not None}
    return value
