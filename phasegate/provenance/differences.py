"""What is no longer as it was: each difference named by file, package, part or parameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from phasegate.digests import canonical_json
from phasegate.provenance.environment import Environment

INERT = (
    "training.threads",
    "data.source",
    "data.format",
    "data.delta_version",
    "data.csv.",
    "data.max_age",
    "data.protected",
)
"""Beginnings of parameters that change no byte of a model: the data are named by their digest."""


@dataclass(frozen=True)
class Difference:
    """One input that differs from the recorded one.

    Attributes:
        kind: code, lock, data, parameters, libraries, cpu, or failure of the attempt.
        what: the file, package, part or parameter, and how it differs.
    """

    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


def environment_differences(recorded: Environment, current: Environment) -> list[Difference]:
    """Files of the recorded code, packages of the lock, libraries and processor that differ."""
    return [
        *_named("code", recorded.code, current.code, _changed_file),
        *_lock_differences(recorded.lock, current.lock),
        *_named("libraries", recorded.libraries, current.libraries, _changed_value),
        *_named("cpu", recorded.cpu, current.cpu, _changed_value),
    ]


def section_differences(
    recorded: Mapping[str, Any], current: Mapping[str, Any]
) -> list[Difference]:
    """Parameters that differ, by dotted name, in the sections that both have."""
    shared = recorded.keys() & current.keys()
    before, after = (
        {
            name: value
            for name, value in _flat({section: sections[section] for section in shared})
            if not name.startswith(INERT)
        }
        for sections in (recorded, current)
    )
    return list(_named("parameters", before, after, _changed_value))


def _named(
    kind: str, before: Mapping[str, str], after: Mapping[str, str], changed: Any
) -> Iterator[Difference]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            yield Difference(kind, changed(name, old, new))


def _changed_file(name: str, old: str, new: str) -> str:
    return f"{name} was {'changed' if old and new else 'removed' if old else 'added'}"


def _changed_value(name: str, old: str, new: str) -> str:
    return f"{name} was {old or 'absent'}, is {new or 'absent'}"


def _lock_differences(before: str, after: str) -> Iterator[Difference]:
    if before == after:
        return
    old, new = _packages(before), _packages(after)
    found = False
    for name in sorted(old.keys() | new.keys()):
        (version, hashes), (now, hashes_now) = old.get(name, ("", ())), new.get(name, ("", ()))
        if version != now:
            found = True
            yield Difference("lock", _changed_value(name, version, now))
        elif hashes != hashes_now:
            found = True
            yield Difference("lock", f"{name} {version} has other hashes")
    if not found:
        yield Difference("lock", "its text differs, though it locks the same packages")


def _packages(lock: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Package -> versions with markers, and hashes, of a hashed requirements file.

    A package may be locked more than once, for different platforms.
    """
    versions: dict[str, list[str]] = {}
    hashes: dict[str, list[str]] = {}
    for requirement in _requirements(lock):
        pin, *given = requirement.split("--hash=")
        name, _, version = pin.partition("==")
        versions.setdefault(name.strip(), []).append(version.strip())
        hashes.setdefault(name.strip(), []).extend(text.strip() for text in given)
    return {
        name: (", ".join(sorted(found)), tuple(sorted(hashes[name])))
        for name, found in versions.items()
    }


def _requirements(lock: str) -> Iterator[str]:
    pending = ""
    for line in lock.splitlines():
        text = line.partition("#")[0].strip()
        pending += text.removesuffix("\\") + " "
        if not text.endswith("\\"):
            if pending.strip():
                yield pending.strip()
            pending = ""


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, item in value.items():
        if isinstance(item, Mapping) and item:
            yield from _flat(item, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", canonical_json(item).decode()
