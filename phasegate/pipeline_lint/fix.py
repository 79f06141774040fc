"""Mend what can be mended safely, line by line, and say what was changed."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.pipeline_lint.edits import apply
from phasegate.pipeline_lint.lint import examine_text, sources

_BOM = "\ufeff"
_ROUNDS = 3  # one edit may uncover another, at most so often


def fixed(name: str, text: str) -> str:
    """A pipeline's text with everything mended that can be; the rest byte for byte as it was.

    Raises:
        BadInput: it is no compiled pipeline.
    """
    for _ in range(_ROUNDS):
        edits = examine_text(name, text).edits.get(name, [])
        changed = apply(text, edits)
        if changed == text:
            break
        text = changed
    return text


def fix_files(paths: list[str]) -> list[str]:
    """Mend files in place; returns the lines of a diff.

    Args:
        paths: files and folders.
    Raises:
        BadInput: one cannot be read or written, or is no compiled pipeline.
    """
    if "-" in paths:
        raise BadInput("standard input cannot be changed in place", where="--fix")
    told: list[str] = []
    for source, named in sources(paths):
        before = "\n".join(source.lines)
        if not named and "pipelineInfo" not in before:
            continue
        after = fixed(source.name, before)
        if after != before:
            _write(Path(source.name), after)
            told += difflib.unified_diff(
                before.splitlines(), after.splitlines(), source.name, f"{source.name} (fixed)",
                lineterm="",
            )  # fmt: skip
    return told


def _write(path: Path, text: str) -> None:
    """Put the text in place of the file at once, and keep its mark of UTF-8 where it has one."""
    content = text.encode()
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.read_bytes().startswith(_BOM.encode()):
            content = _BOM.encode() + content
        aside.write_bytes(content)
        aside.chmod(path.stat().st_mode & 0o777)
        aside.replace(path.resolve())
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise BadInput(f"it cannot be written: {error.strerror}", where=str(path)) from error
