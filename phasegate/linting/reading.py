"""Read YAML and JSON into nodes with lines, within limits that hostile input cannot pass."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from phasegate.errors import BadInput
from phasegate.linting.node import Node
from phasegate.linting.scalars import resolve

_LOADER = yaml.CLoader if yaml.__with_libyaml__ else yaml.Loader
_MERGE = "<<"
_PAIR = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
)
_NO_YAML = re.compile("[\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most.

    Attributes:
        characters: of one input.
        documents: in one input.
        depth: of nested mappings and lists.
        nodes: in one document, aliases counted each time.
        nodes_in_all: in all documents of one input.
    """

    characters: int = 32_000_000
    documents: int = 20_000
    depth: int = 100
    nodes: int = 200_000
    nodes_in_all: int = 5_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """One input.

    Attributes:
        name: of the file, ``-`` for standard input.
        documents: those that hold anything.
        lines: its text.
        block_lines: lines inside of multi-line scalars, where ``#`` begins no comment.
    """

    name: str
    documents: list[Node]
    lines: list[str]
    block_lines: frozenset[int]


def read(name: str, content: bytes, limits: Limits = Limits()) -> Source:
    """Read one input.

    Args:
        name: for messages.
        content: UTF-8.
        limits: what is read at most.
    Raises:
        BadInput: it is not YAML, or beyond a limit.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInput("it is not UTF-8", where=f"{name}:{line}", expected="text") from error
    if len(text) > limits.characters:
        raise BadInput(
            f"it has {len(text):,} characters",
            where=name,
            expected=f"{limits.characters:,} or less",
        )
    template = "render the template first, and pipe the result" if "{{" in text else None
    builder = _Builder(name, limits, template)
    try:
        for event in yaml.parse(_as_yaml(text), Loader=_LOADER):
            builder.take(event)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise BadInput(
            "it has a control character, which YAML does not allow", where=f"{name}:{line}"
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = f"{error.context}: {error.problem}" if error.context else str(error.problem)
        raise BadInput(
            f"it is not YAML: {problem}",
            where=f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name,
            fix=template,
        ) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise BadInput(f"it is not YAML: {error}", where=name) from error
    return Source(name, builder.documents, text.split("\n"), frozenset(builder.block_lines))


def _as_yaml(text: str) -> str:
    """JSON with what YAML writes in another way: pairs of surrogates, control characters."""
    if text.lstrip()[:1] not in ("{", "["):
        return text
    text = _PAIR.sub(lambda match: f"{match[1]}\\U{ord(_joined(match)):08x}", text)
    return _NO_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _joined(match: re.Match[str]) -> str:
    pair = bytes.fromhex(match[2] + match[3])
    return pair.decode("utf-16-be")


@dataclass(slots=True)
class _Open:
    """A mapping or list that is still being read."""

    node: Node
    anchor: str | None
    key: str | None = None
    key_line: int = 0
    merged: list[Node] | None = None


class _Builder:
    """Builds nodes from events, without recursion: depth is ours to limit."""

    def __init__(self, name: str, limits: Limits, fix: str | None) -> None:
        self.documents: list[Node] = []
        self.block_lines: set[int] = set()
        self._name, self._limits, self._fix = name, limits, fix
        self._nodes = 0
        self._anchors: dict[str, Node | None] = {}
        self._stack: list[_Open] = []

    def take(self, event: yaml.Event) -> None:
        """Follow one event of the parser."""
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if len(self._stack) >= self._limits.depth:
                raise self._bad(line, f"it is nested more than {self._limits.depth} deep")
            mapping = isinstance(event, yaml.MappingStartEvent)
            if event.anchor:
                self._anchors[event.anchor] = None  # an alias inside of itself finds nothing yet
            self._stack.append(_Open(Node({} if mapping else [], line), event.anchor))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            done = self._stack.pop()
            if done.merged:
                self._merge(done.node, done.merged)
            if done.anchor:
                self._anchors[done.anchor] = done.node
            self._add(done.node, line)
        elif isinstance(event, yaml.AliasEvent):
            target = self._anchors.get(event.anchor)
            if target is None:
                raise self._bad(line, f"alias *{event.anchor} refers to nothing, or to itself")
            self._add(copy.copy(target), line)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._anchors.clear()

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        end = event.end_mark.line + 1 if event.end_mark else line
        plain = event.implicit[0]
        if end > line and not plain:
            self.block_lines.update(range(line + 1, end + (event.style in ("'", '"'))))
        opened = self._stack[-1] if self._stack else None
        if opened is not None and isinstance(opened.node.value, dict) and opened.key is None:
            opened.key, opened.key_line = event.value, line
            return
        if _SURROGATE.search(event.value):
            raise self._bad(line, "it has half of a surrogate pair, which is no character")
        node = Node(resolve(event.value) if plain else event.value, line)
        if event.anchor:
            self._anchors[event.anchor] = node
        self._add(node, line)

    def _add(self, node: Node, line: int) -> None:
        if not self._stack:
            if node.value is not None:
                self.documents.append(node)
            self._nodes += node.size
            if self._nodes > self._limits.nodes_in_all:
                raise self._bad(line, f"it has more than {self._limits.nodes_in_all:,} values")
            if len(self.documents) > self._limits.documents:
                raise self._bad(line, f"it has more than {self._limits.documents:,} documents")
            return
        opened = self._stack[-1]
        opened.node.size += node.size
        if opened.node.size > self._limits.nodes:
            raise self._bad(line, f"a document has more than {self._limits.nodes:,} values")
        if isinstance(opened.node.value, list):
            opened.node.value.append(node)
            return
        if opened.key is None:
            raise self._bad(line, "a key is a mapping or a list, or an alias")
        key, opened.key = opened.key, None
        if key == _MERGE:
            opened.merged = [*(opened.merged or []), node]
            return
        node.line = opened.key_line
        if key in opened.node.value:
            opened.node.duplicates = [*opened.node.duplicates, (key, opened.key_line)]
        opened.node.value[key] = node

    def _merge(self, node: Node, merged: list[Node]) -> None:
        sources: Iterator[Node] = (
            source
            for entry in merged
            for source in (entry.value if isinstance(entry.value, list) else [entry])
        )
        for source in sources:
            if not isinstance(source.value, dict):
                raise self._bad(source.line, "<< merges something that is not a mapping")
            for key, value in source.value.items():
                node.value.setdefault(key, value)

    def _bad(self, line: int, what: str) -> BadInput:
        return BadInput(what, where=f"{self._name}:{line}", fix=self._fix)
