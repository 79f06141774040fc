"""Where models come from: addresses and mount paths."""

from __future__ import annotations

import re
from posixpath import commonpath

from phasegate.linting.node import Node
from phasegate.manifests.objects import Problem, Stream
from phasegate.manifests.rules.registry import ERROR, Problems, rule
from phasegate.manifests.services import TRANSFORMER, Component, inference_services

_SCHEMES = frozenset(
    {"file", "gs", "hdfs", "hf", "http", "https", "modelscope", "oci", "oci+fetch", "oci+native"}
    | {"pvc", "s3", "webhdfs"}
)
_SCHEME = re.compile(r"\A([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_KEY = re.compile(r"kbs:///[\w.-]+/[\w.-]+/[\w.-]+\Z", re.ASCII)
_DEFAULT_PATH = "/mnt/models"


@rule(
    "PGM217",
    "storage-uris",
    ERROR,
    why="KServe's webhook refuses the object.",
    fix="storageUri or storageUris; absolute mount paths without .., in one folder, PVCs apart.",
)
def storage_uris(stream: Stream) -> Problems:
    """The storageUris of a component clash with storageUri, or their mount paths are wrong."""
    for service in inference_services(stream):
        for component in [*service.components, *(one for _, one in service.canaries)]:
            uris = component.node.at("storageUris")
            if uris is None or not isinstance(uris.value, list):
                continue
            model = component.model()
            single = model[1].at("storageUri") if model is not None else None
            if single is not None:
                yield Problem(
                    service.object, uris, f"{component.path} has storageUri and storageUris"
                )
            for node, what in _paths(component, uris):
                yield Problem(service.object, node, what)


def _paths(component: Component, uris: Node) -> list[tuple[Node, str]]:
    found: list[tuple[Node, str]] = []
    volumes: list[str] = []
    folders: list[str] = []
    for entry in uris.items():
        path = entry.text("mountPath") or _DEFAULT_PATH
        node = entry.at("mountPath") or entry
        if not path.startswith("/") or path == "/" or ".." in path:
            found.append((node, f"mountPath is {path}"))
            continue
        if (entry.text("uri") or "").startswith("pvc://"):
            if path in volumes:
                found.append((node, f"two volumes are mounted at {path}"))
            volumes.append(path)
        else:
            folders.append(path)
    if len(folders) > 1 and commonpath(folders) == "/":
        found.append((uris, f"the mount paths of {component.path} have no folder in common"))
    return found


@rule(
    "PGM218",
    "storage-scheme",
    ERROR,
    why="KServe accepts it, and the pod then waits for ever in its storage initializer.",
    fix="Use gs, s3, hdfs, webhdfs, hf, modelscope, https, pvc or oci, or add a "
    "ClusterStorageContainer for the scheme.",
)
def storage_scheme(stream: Stream) -> Problems:
    """A storageUri has a scheme that no storage initializer knows, or nothing behind it."""
    own = {
        (entry.text("prefix") or "").partition("://")[0]
        for one in stream.of_kind("ClusterStorageContainer")
        for entry in one.node.items("spec", "supportedUriFormats")
    }
    for service in inference_services(stream):
        for component in [*service.components, *(one for _, one in service.canaries)]:
            if component.node.text("storageContainerName"):
                continue
            for uri in component.storage_uris():
                if isinstance(uri.value, str) and (what := _wrong(uri.value, own)):
                    yield Problem(service.object, uri, what)


def _wrong(uri: str, own: set[str]) -> str:
    match = _SCHEME.match(uri)
    if match is None:
        return "" if uri.startswith("/") or "$" in uri else f"storageUri {uri!r} has no scheme"
    if match[1] not in _SCHEMES | own:
        return f"scheme {match[1]} of {uri} is unknown to KServe"
    return "" if match[2].strip("/") else f"{uri} names no model"


@rule(
    "PGM227",
    "storage-in-transformer",
    ERROR,
    why="KServe's webhook refuses the object: in one pod only the predictor gets a model.",
    fix="Remove STORAGE_URI from the transformer's container.",
)
def storage_in_transformer(stream: Stream) -> Problems:
    """A transformer beside its predictor in one pod sets STORAGE_URI."""
    for service in inference_services(stream):
        for container in service.predictor.containers():
            for variable in container.items("env"):
                if container.text("name") == TRANSFORMER and variable.text("name") == "STORAGE_URI":
                    yield Problem(service.object, variable, "the transformer sets STORAGE_URI")


@rule(
    "PGM221",
    "confidential-model",
    ERROR,
    why="KServe's webhook refuses the object.",
    fix="Set storageUri, and resourceId as kbs:///REPOSITORY/TYPE/TAG.",
)
def confidential_model(stream: Stream) -> Problems:
    """A confidential model has no storageUri, or a key id of the wrong form."""
    for service in inference_services(stream):
        model = service.predictor.model()
        secret = model[1].at("confidential") if model is not None else None
        enabled = secret.at("enabled") if secret is not None else None
        if model is None or secret is None or enabled is None or enabled.value is not True:
            continue
        if not model[1].text("storageUri"):
            yield Problem(service.object, secret, "a confidential model has no storageUri")
        key = secret.text("resourceId")
        if key and not _KEY.match(key):
            yield Problem(service.object, secret.at("resourceId") or secret, f"resourceId is {key}")
