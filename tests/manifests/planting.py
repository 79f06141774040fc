"""Faults that are planted into manifests in which nothing is found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CLEAN = Path(__file__).parent / "clean"
MARK = "@@"


@dataclass(frozen=True)
class Planted:
    """One fault.

    Attributes:
        codes: of the findings, in order of their lines.
        file: in which it is planted.
        edits: text that is in the file, and what takes the place of its first occurrence; ``@@``
            marks the lines that findings name.
    """

    codes: str
    file: str
    edits: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        lines = (line for _, new in self.edits for line in new.split("\n") if MARK in line)
        return f"{self.codes} {next(lines, '').strip()[:40]}"

    def manifest(self) -> tuple[str, list[tuple[str, int]]]:
        """The manifest with the fault, and the codes with the lines that they are expected on."""
        text = (CLEAN / self.file).read_text(encoding="utf-8")
        for old, new in self.edits:
            if old not in text:
                raise ValueError(f"{old!r} is not in {self.file}")
            text = text.replace(old, new, 1)
        lines = [n for n, line in enumerate(text.split("\n"), start=1) if MARK in line]
        return text.replace(MARK, ""), list(zip(self.codes.split(), lines, strict=True))


class Plant:
    """Plants faults into one file."""

    def __init__(self, file: str) -> None:
        self._file = file

    def __call__(self, codes: str, *edits: str) -> Planted:
        """A fault: old, new, old, new."""
        pairs = tuple(zip(edits[::2], edits[1::2], strict=True))
        return Planted(codes, self._file, pairs)


gateway, knative = Plant("gateway.yaml"), Plant("knative.yaml")
canary, custom = Plant("canary.yaml"), Plant("custom.yaml")
