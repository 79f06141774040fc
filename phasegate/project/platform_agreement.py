"""What a schema cannot say of the `kubernetes` section: what Kubernetes and KFP would refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phasegate.errors import BadInput
from phasegate.project.explanation import place
from phasegate.project.platform import Platform, Section, declared, platform_of

# What KFP and Argo mount in every step, by which names, and variables that a step already has.
TAKEN_PATHS = (
    "/kfp-launcher", "/gcs", "/s3", "/minio", "/.local", "/.cache", "/.config", "/var/run/argo",
)  # fmt: skip
TAKEN_VOLUMES = (
    "kfp-launcher", "gcs-scratch", "s3-scratch", "minio-scratch", "dot-local-scratch",
    "dot-cache-scratch", "dot-config-scratch", "var-run-argo", "tmp-dir-argo", "ca-bundle",
)  # fmt: skip
TAKEN_VARIABLES = ("PHASEGATE_IMAGE", "PHASEGATE_LOCK", "KFP_POD_NAME", "KFP_POD_UID")
TAKEN_LABELS = ("pipelines.kubeflow.org/", "workflows.argoproj.io/")
LONGEST_VOLUME = 63
LARGEST_ANNOTATIONS = 256 << 10

Keys = tuple[str | int, ...]


class _Place:
    """Where in the file a check looks, for its messages."""

    def __init__(self, path: Path, document: Any, keys: Keys) -> None:
        self.path, self.document, self.keys = path, document, keys

    def __truediv__(self, key: str | int) -> _Place:
        return _Place(self.path, self.document, (*self.keys, key))

    def refuse(self, what: str, expected: str | None = None, fix: str | None = None) -> BadInput:
        name = ".".join(str(key) for key in self.keys)
        where = place(self.path, self.document, self.keys)
        return BadInput(f"'{name}' {what}", where=where, expected=expected, fix=fix)


def check_platform(path: Path, document: Any, section: Section) -> None:
    """Check that pods with these settings can be made.

    Args:
        path: the file.
        document: what was read from it, which knows its lines.
        section: `kubernetes`, valid by the schema and with defaults filled in.

    Raises:
        BadInput: naming the key, its line and what is allowed there.
    """
    top = _Place(path, document, ("kubernetes",))
    _check_section(section, top)
    _check_whole(declared(section), top)
    for name, own in section.get("components", {}).items():
        _check_section(own, top / "components" / name)
        _check_whole(platform_of(section, name), top / "components" / name)


def _check_section(section: Section, at: _Place) -> None:
    for keys, text in _texts({n: v for n, v in section.items() if n != "components"}, at):
        if "annotations" not in keys.keys and any(ord(c) < 32 for c in text):
            raise keys.refuse("has a line break or another control character")
    for label in section.get("labels", {}):
        if label.startswith(TAKEN_LABELS):
            raise (at / "labels" / label).refuse("is a label by which a run's pods are found")
    for position, one in enumerate(section.get("tolerations", ())):
        _check_toleration(one, at / "tolerations" / position)
    _check_variables(section, at)
    _check_mounts(section, at)
    identity = section.get("security_context", {})
    if identity.get("run_as_non_root") and identity.get("run_as_user") == 0:
        raise (at / "security_context").refuse("asks for user 0, and not to be root")


def _check_toleration(one: Section, at: _Place) -> None:
    exists = one["operator"] == "Exists"
    if exists and "value" in one:
        raise (at / "value").refuse("is set, and Exists tolerates every value", fix="leave it out")
    if not exists and "key" not in one:
        raise at.refuse("has no key", expected="a key, or operator: Exists for every taint")
    if "toleration_seconds" in one and one.get("effect") != "NoExecute":
        raise (at / "toleration_seconds").refuse("is set", expected="effect: NoExecute beside it")


def _check_variables(section: Section, at: _Place) -> None:
    seen: set[str] = set()
    for kind in ("secrets", "config_maps"):
        for position, one in enumerate(section.get(kind, ())):
            for variable in one.get("env", {}):
                here = at / kind / position / "env" / variable
                if variable in TAKEN_VARIABLES:
                    raise here.refuse("is a variable that every step already has")
                if variable in seen:
                    raise here.refuse("is a variable that is set twice")
                seen.add(variable)


def _check_mounts(section: Section, at: _Place) -> None:
    seen: set[str] = set()
    for kind in ("secrets", "config_maps", "volumes"):
        for position, one in enumerate(section.get(kind, ())):
            if "mount" not in one:
                continue
            here = at / kind / position / "mount"
            if one["mount"] in TAKEN_PATHS:
                raise here.refuse(
                    f"is {one['mount']}, which Kubeflow Pipelines uses",
                    expected=f"a path other than {', '.join(TAKEN_PATHS)}",
                )
            if one["mount"] in seen:
                raise here.refuse(f"is {one['mount']}, where something else is mounted")
            seen.add(one["mount"])
            if kind == "volumes":
                _check_volume(one, at / kind / position)
            else:
                _check_volume_name(one["name"], at / kind / position / "name")


def _check_volume(one: Section, at: _Place) -> None:
    kind, other = ("claim", "empty_dir") if "claim" in one else ("empty_dir", "claim")
    for option in ("sub_path",) if kind == "empty_dir" else ("medium", "size_limit"):
        if option in one:
            raise (at / option).refuse(f"belongs to {other}, and this is {kind}")
    _check_volume_name(one[kind], at / kind)


def _check_volume_name(name: str, at: _Place) -> None:
    """KFP's driver calls a volume by what is mounted, and the names of volumes have no dots."""
    if "." in name or len(name) > LONGEST_VOLUME:
        raise at.refuse(
            f"is '{name}', which Kubeflow Pipelines would also call the pod's volume",
            expected=f"a name without dots of at most {LONGEST_VOLUME} characters, where it is "
            "mounted",
        )
    if name in TAKEN_VOLUMES:
        raise at.refuse(f"is '{name}', a volume that every step already has")


def _check_whole(platform: Platform, at: _Place) -> None:
    paths: dict[str, str] = {}
    for path, mount in platform.mounts.items():
        if (other := paths.setdefault(mount.name, path)) != path:
            raise at.refuse(
                f"mounts '{mount.name}' at {other} and at {path}, and Kubeflow Pipelines give two "
                "volumes of the pod the same name",
                expected="one mount of a name",
            )
    size = sum(len(f"{k}{v}".encode()) for k, v in platform.annotations.items())
    if size > LARGEST_ANNOTATIONS:
        raise (at / "annotations").refuse(
            f"has {size} bytes", expected=f"at most {LARGEST_ANNOTATIONS}"
        )


def _texts(node: Any, at: _Place) -> Iterator[tuple[_Place, str]]:
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        if isinstance(key, str):
            yield at / key, key
        if isinstance(value, str):
            yield at / key, value
        elif isinstance(value, dict | list):
            yield from _texts(value, at / key)
