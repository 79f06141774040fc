"""The Terraform tree: its folders, what each declares, and who calls whom."""

from __future__ import annotations

import enum
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from infra.lint.hcl.reading import read
from infra.lint.hcl.tree import Argument, Block, Document, Expression, Literal, Mapping
from phasegate.errors import BadInput

LEFT_OUT = frozenset({".terraform", "__pycache__"})


class Kind(enum.StrEnum):
    """What a folder of Terraform files is for."""

    ROOT = "root"
    MODULE = "module"
    EXAMPLE = "example"


@dataclass(frozen=True, slots=True)
class Placed:
    """A block and its file."""

    file: str
    block: Block

    @property
    def name(self) -> str:
        """Its last label."""
        return self.block.labels[-1] if self.block.labels else ""

    @property
    def address(self) -> str:
        """As Terraform writes it."""
        match self.block.kind:
            case "variable":
                return f"var.{self.name}"
            case "resource":
                return ".".join(self.block.labels)
        return ".".join((self.block.kind, *self.block.labels))


@dataclass(frozen=True, slots=True)
class Requirement:
    """A provider that a folder asks for.

    Attributes:
        source: such as ``hashicorp/google``.
        version: its constraint; empty where there is none.
        file: where.
        line: where.
    """

    source: str
    version: str
    file: str
    line: int


@dataclass(frozen=True)
class Module:
    """A folder of Terraform files.

    Attributes:
        path: the folder.
        name: relative to the tree, such as ``modules/network``.
        kind: what it is for.
        documents: its ``.tf`` files.
        tests: its ``.tftest.hcl`` files.
    """

    path: Path
    name: str
    kind: Kind
    documents: list[Document]
    tests: list[Document] = field(default_factory=list)

    def blocks(self, kind: str) -> Iterator[Placed]:
        """Blocks of one kind at the top of its files."""
        for document in self.documents:
            for block in document.body.blocks:
                if block.kind == kind:
                    yield Placed(document.name, block)

    def _by_labels(self, kind: str) -> dict[str, Placed]:
        return {".".join(placed.block.labels): placed for placed in self.blocks(kind)}

    @cached_property
    def variables(self) -> dict[str, Placed]:
        """By name."""
        return self._by_labels("variable")

    @cached_property
    def outputs(self) -> dict[str, Placed]:
        """By name."""
        return self._by_labels("output")

    @cached_property
    def resources(self) -> dict[str, Placed]:
        """By ``TYPE.NAME``."""
        return self._by_labels("resource")

    @cached_property
    def data(self) -> dict[str, Placed]:
        """By ``TYPE.NAME``; those of ``check`` blocks too."""
        found = self._by_labels("data")
        for check in self.blocks("check"):
            for block in check.block.body.of_kind("data"):
                found[".".join(block.labels)] = Placed(check.file, block)
        return found

    @cached_property
    def ephemerals(self) -> dict[str, Placed]:
        """By ``TYPE.NAME``."""
        return self._by_labels("ephemeral")

    @cached_property
    def calls(self) -> dict[str, Placed]:
        """Calls of modules, by name."""
        return self._by_labels("module")

    @cached_property
    def locals(self) -> dict[str, tuple[str, Argument]]:
        """File and argument of each, by name."""
        return {
            argument.name: (placed.file, argument)
            for placed in self.blocks("locals")
            for argument in placed.block.body.arguments
        }

    @cached_property
    def requirements(self) -> dict[str, Requirement]:
        """Providers that it asks for, by local name."""
        found = {}
        for placed in self.blocks("terraform"):
            for block in placed.block.body.of_kind("required_providers"):
                for argument in block.body.arguments:
                    entries = texts(argument.value)
                    found[argument.name] = Requirement(
                        entries.get("source", f"hashicorp/{argument.name}"),
                        entries.get("version", ""),
                        placed.file,
                        argument.line,
                    )
        return found

    def provider_source(self, local_name: str) -> str:
        """Source of the provider behind a local name."""
        found = self.requirements.get(local_name)
        return found.source if found else f"hashicorp/{local_name}"

    def file(self, name: str) -> str:
        """Name of one of its files for findings."""
        return shown(self.path / name)


def texts(expression: Expression) -> dict[str, str]:
    """Entries of an object whose keys and values are constant strings."""
    if not isinstance(expression, Mapping):
        return {}
    return {
        str(key.value): str(value.value)
        for key, value in expression.items
        if isinstance(key, Literal) and isinstance(value, Literal)
    }


@dataclass(frozen=True)
class Tree:
    """All of it.

    Attributes:
        root: the folder.
        modules: by resolved path.
        settings: ``.tfvars`` and ``.tfbackend`` files.
    """

    root: Path
    modules: dict[Path, Module]
    settings: list[Document]

    def called(self, caller: Module, call: Block) -> Module | None:
        """The module of the tree that a call with a local source is of."""
        source = call.body.value("source")
        if not isinstance(source, Literal) or not str(source.value).startswith("."):
            return None
        return self.modules.get((caller.path / str(source.value)).resolve())

    def of_kind(self, kind: Kind) -> list[Module]:
        """Folders of one kind."""
        return [module for module in self.modules.values() if module.kind is kind]


def read_tree(root: Path) -> Tree:
    """Read all Terraform files under a folder.

    Raises:
        BadInput: there is none.
    """
    folders: dict[Path, list[Path]] = {}
    settings: list[Path] = []
    for folder, inner, files in os.walk(root):
        inner[:] = sorted(one for one in inner if one not in LEFT_OUT)
        for name in sorted(files):
            path = Path(folder) / name
            if name.endswith(".tf"):
                folders.setdefault(Path(folder), []).append(path)
            elif name.endswith((".tfvars", ".tfbackend")):
                settings.append(path)
    if not folders:
        raise BadInput("there is no .tf file", where=str(root), expected="a tree of Terraform")
    modules = {}
    for folder, files in folders.items():
        tests = sorted(folder.glob("tests/*.tftest.hcl")) + sorted(folder.glob("*.tftest.hcl"))
        modules[folder.resolve()] = Module(
            folder.resolve(),
            folder.relative_to(root).as_posix(),
            _kind(folder.relative_to(root)),
            [read(path, shown(path)) for path in files],
            [read(path, shown(path)) for path in tests],
        )
    return Tree(root, modules, [read(path, shown(path)) for path in settings])


def shown(path: Path) -> str:
    """A path as findings name it: relative where it is below the working folder."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


def _kind(relative: Path) -> Kind:
    if "examples" in relative.parts or "tests" in relative.parts:
        return Kind.EXAMPLE
    return Kind.MODULE if relative.parts[:1] == ("modules",) else Kind.ROOT
