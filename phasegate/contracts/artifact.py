"""What every artifact between two components has: a KFP type, flat metadata, files, a digest.

A subclass is at once the annotation in a component's signature (KFP needs only ``schema_title``
and ``schema_version``), the constructor that writes the metadata, and the check on both ends.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Self

from phasegate.digests import digest_file, digest_files
from phasegate.errors import BadInput


class ContractViolation(BadInput):
    """An artifact is not what its type promises."""


def describe(text: str, **options: Any) -> Any:
    """A dataclass field with the sentence that documents it."""
    return field(metadata={"doc": text}, **options)


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """Base of all artifact types.

    Metadata are flat strings and numbers only: KFP turns booleans into integers, wraps lists and
    dictionaries, refuses null, and returns integers as floats.
    """

    schema_title: ClassVar[str]
    schema_version: ClassVar[str] = "1.0.0"
    FILES: ClassVar[dict[str, str]]
    """Name of each file that must exist under the artifact's path, and what it holds."""

    digest: str = describe("sha256 of the files' content.", default="")
    path: Path = field(default=Path(), compare=False, metadata={"transient": True})

    @classmethod
    def fields(cls) -> dict[str, tuple[type, str]]:
        """Type and documentation of each metadata key."""
        types = _types(cls)
        return {
            item.name: (types[item.name], item.metadata.get("doc", ""))
            for item in dataclasses.fields(cls)
            if "transient" not in item.metadata
        }

    @property
    def metadata(self) -> dict[str, str | int | float]:
        """The flat metadata as KFP stores them."""
        return {name: getattr(self, name) for name in self.fields()}

    def stored_at(self, path: Path, where: str) -> Self:
        """This value, complete with the digest of the files at a path.

        Args:
            path: the artifact's folder.
            where: component and artifact, for the message.

        Raises:
            ContractViolation: when a file is absent or a metadata value has the wrong type.
        """
        self._check_files(path, where)
        self._check_metadata(self.metadata, where)
        return dataclasses.replace(self, digest=self.digest_at(path), path=path)

    @classmethod
    def from_metadata(cls, metadata: dict[str, Any], path: Path, where: str) -> Self:
        """Read an artifact, checking metadata, files and digest.

        Keys that this version does not know are left alone: a newer minor version may add some.

        Raises:
            ContractViolation: naming the artifact, the field and the component.
        """
        names = cls.fields()
        missing = set(names) - set(metadata)
        if missing:
            raise ContractViolation(
                f"metadata has no {', '.join(sorted(missing))}",
                where=where,
                expected=f"the keys of {cls.schema_title} {cls.schema_version}",
                fix="run the component that writes it again, in the same version as this one",
            )
        values = {name: _as_type(metadata[name], kind) for name, (kind, _) in names.items()}
        cls._check_metadata(values, where)
        cls._check_files(path, where)
        found = cls.digest_at(path)
        if found != values["digest"]:
            raise ContractViolation(
                f"its files have digest {found[:12]}, its metadata say "
                f"{str(values['digest'])[:12]}: they were changed after they were written",
                where=where,
                fix="run the component that writes it again",
            )
        return cls(**values, path=path)

    @classmethod
    def digest_at(cls, path: Path) -> str:
        """Identity of the files at a path: of the file if it is one, else of names and digests."""
        if len(cls.FILES) == 1:
            return digest_file(path / next(iter(cls.FILES)))
        return digest_files(path, cls.FILES)

    @classmethod
    def _check_files(cls, path: Path, where: str) -> None:
        for name in cls.FILES:
            if not (path / name).is_file():
                raise ContractViolation(
                    f"file {name} is missing",
                    where=f"{where} at {path}",
                    expected=", ".join(cls.FILES),
                )

    @classmethod
    def _check_metadata(cls, values: dict[str, Any], where: str) -> None:
        for name, (kind, _) in cls.fields().items():
            value = values[name]
            wrong = not isinstance(value, kind) or isinstance(value, bool)
            if wrong or (isinstance(value, float) and not math.isfinite(value)):
                raise ContractViolation(
                    f"metadata {name} is {value!r}", where=where, expected=f"a {kind.__name__}"
                )


@cache
def _types(cls: type[Artifact]) -> dict[str, type]:
    return {
        name: kind for name, kind in typing.get_type_hints(cls).items() if kind in (str, int, float)
    }


def _as_type(value: Any, kind: type) -> Any:
    """Undo what KFP does to numbers: integers come back as floats."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int and is_number and float(value).is_integer():
        return int(value)
    if kind is float and is_number:
        return float(value)
    return value
