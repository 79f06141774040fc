"""Faults that are planted into a pipeline in which nothing is found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CLEAN = Path(__file__).parent / "clean" / "pipeline.yaml"
MARK = "@@"


@dataclass(frozen=True)
class Planted:
    """One fault.

    Attributes:
        codes: of the findings, in order of their lines.
        edits: text that is in the pipeline, and what takes the place of its first occurrence;
            each ``@@`` marks the line of a finding.
    """

    codes: str
    edits: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        lines = (line for _, new in self.edits for line in new.split("\n") if MARK in line)
        return f"{self.codes} {next(lines, '').strip()[:40]}"

    def pipeline(self) -> tuple[str, list[tuple[str, int]]]:
        """The pipeline with the fault, and the codes with the lines that they are expected on."""
        text = CLEAN.read_text(encoding="utf-8")
        for old, new in self.edits:
            if old not in text:
                raise ValueError(f"{old!r} is not in the pipeline")
            text = text.replace(old, new, 1)
        lines = [
            number
            for number, line in enumerate(text.split("\n"), start=1)
            for _ in range(line.count(MARK))
        ]
        return text.replace(MARK, ""), list(zip(self.codes.split(), lines, strict=True))


def planted(codes: str, *edits: str) -> Planted:
    """A fault: old, new, old, new."""
    return Planted(codes, tuple(zip(edits[::2], edits[1::2], strict=True)))


def mark(codes: str, old: str, new: str, *more: str) -> Planted:
    """A fault in one place, which begins with the marked field."""
    return planted(codes, old, f"{MARK}{new}", *more)
