"""What a model is made of, and whether the same address always gives the same model."""

from __future__ import annotations

import re

from phasegate.manifests.objects import Problem, Stream
from phasegate.manifests.rules.registry import WARNING, Problems, rule
from phasegate.manifests.services import inference_services

_PICKLED = {
    "sklearn": "pickle or joblib",
    "mlflow": "pickle, for most flavours",
    "pytorch": "pickle, in a .pt or .mar file",
    "joblib": "joblib",
    "pickle": "pickle",
    "autogluon": "pickle",
}
_PICKLE_FILE = re.compile(r"\.(pkl|pickle|joblib|dill|cloudpickle)\Z", re.IGNORECASE)
_DIGEST = re.compile(r"(\A|[^0-9a-f])[0-9a-f]{12,}(\Z|[^0-9a-f])")
_VERSION = re.compile(r"\A[vV]?[0-9]+([._-][0-9A-Za-z]+)*\Z|[-_][vV][0-9]+([.][0-9]+)*\Z")
_IMAGE_TAG = re.compile(r"(:(?!latest\Z)[\w][\w.-]*|@sha256:[0-9a-f]{64})\Z")


@rule(
    "PGM501",
    "model-is-code",
    WARNING,
    why="Loading a pickle runs what is in it: who can write the bucket runs code in the server.",
    fix="Use a format that is data (UBJSON, ONNX, safetensors), or verify a signature first.",
)
def model_is_code(stream: Stream) -> Problems:
    """A model's format or file is one that executes code when it is loaded."""
    for service in inference_services(stream):
        for component in [*service.components, *(one for _, one in service.canaries)]:
            said = component.format()
            how = _PICKLED.get(said[0].lower(), "") if said is not None else ""
            if said is not None and how:
                yield Problem(service.object, said[1], f"a {said[0]} model is {how}")
                continue
            for uri in component.storage_uris():
                if isinstance(uri.value, str) and _PICKLE_FILE.search(uri.value):
                    yield Problem(service.object, uri, f"{uri.value} is a pickle")


@rule(
    "PGM502",
    "moving-model",
    WARNING,
    why="Whoever overwrites the path changes the model of the next pod that starts: two pods then "
    "answer differently, and a rollback does not bring the old model back.",
    fix="Put a digest or at least a version into the path, and never write it twice.",
)
def moving_model(stream: Stream) -> Problems:
    """A storageUri has neither a digest nor a version in it."""
    for service in inference_services(stream):
        for component in [*service.components, *(one for _, one in service.canaries)]:
            for uri in component.storage_uris():
                if isinstance(uri.value, str) and uri.value and not is_fixed(uri.value):
                    yield Problem(service.object, uri, f"{uri.value} can change")


def is_fixed(uri: str) -> bool:
    """Whether an address names one state of a model: a digest, or a version.

    >>> is_fixed("gs://models/card-fraud"), is_fixed("gs://models/card-fraud/v2")
    (False, True)
    """
    scheme, _, path = uri.partition("://")
    if scheme.startswith("oci"):
        return _IMAGE_TAG.search(path.rpartition("/")[2]) is not None
    if scheme == "hf" and ":" in path:
        return _DIGEST.search(path.rpartition(":")[2]) is not None
    parts = path.split("/")[1:] if path else uri.split("/")
    return any(_DIGEST.search(part) or _VERSION.search(part) for part in parts)
