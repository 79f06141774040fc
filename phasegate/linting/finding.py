"""What a check found, and where."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass
from typing import Any


class Severity(enum.StrEnum):
    """How bad a finding is.

    Attributes:
        ERROR: it will be refused, or will not do what it says.
        WARNING: it works, and will hurt one day.
        INFO: worth knowing; nothing has to change.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, in one place.

    Attributes:
        file: the file as it was named, ``-`` for standard input.
        line: line of the field, from 1.
        code: stable code of the rule, such as ``PGM101``.
        rule: the rule's name, such as ``unknown-field``.
        severity: how bad it is.
        subject: the object it is in, such as ``InferenceService iris``; may be empty.
        what: what is wrong, with the value that was found.
        fix: what to do about it.
    """

    file: str
    line: int
    code: str
    rule: str
    severity: Severity
    subject: str
    what: str
    fix: str

    def to_json(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return asdict(self)


def in_order(findings: list[Finding]) -> list[Finding]:
    """Findings as a reader meets them; files keep the order in which they were given."""
    files = {file: n for n, file in enumerate(dict.fromkeys(f.file for f in findings))}
    return sorted(set(findings), key=lambda f: (files[f.file], f.line, f.code, f.what))
