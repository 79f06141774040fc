"""What the files of releases hold, checked as they are read: canonical JSON, and nothing else."""

from __future__ import annotations

import json
import re
from typing import TypeVar

from phasegate.digests import canonical_json, digest_bytes
from phasegate.errors import BadInput
from phasegate.release.entry import Entry
from phasegate.release.evidence import Evidence

_Document = TypeVar("_Document", Entry, Evidence)

_MODEL = re.compile(r"[A-Za-z0-9_][\w.-]{0,199}", re.ASCII)
_ENTRY = re.compile(r"releases/[^/]+/audit/(\d{8})\.json", re.ASCII)


def folder_of(model: str) -> str:
    """The name that all files of a model's releases begin with.

    Raises:
        BadInput: the model's name cannot be part of a file's.
    """
    if not _MODEL.fullmatch(model):
        raise BadInput(
            f"'{model[:200]}' is no name of a model with releases",
            expected="letters, digits and _ . -",
        )
    return f"releases/{model}/"


def record_name(model: str) -> str:
    """The file of the newest entry."""
    return f"{folder_of(model)}record.json"


def entry_name(model: str, sequence: int) -> str:
    """The file of an entry of the audit log."""
    return f"{folder_of(model)}audit/{sequence:08d}.json"


def evidence_name(model: str, digest: str) -> str:
    """The file of evidence.

    Raises:
        BadInput: the digest is none.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise BadInput(f"'{digest[:80]}' is not a digest", expected="64 lower-case hex digits")
    return f"{folder_of(model)}evidence/{digest}.json"


def sequence_of(name: str) -> int | None:
    """The sequence that a file of the audit log is named after; None where it has another name."""
    found = _ENTRY.fullmatch(name)
    return int(found[1]) if found else None


def content_of(document: Entry | Evidence) -> bytes:
    """The bytes of a document's file, which read as the same document.

    Raises:
        ValueError: it would not come back as it is.
    """
    content = canonical_json(document.to_json())
    try:
        _read(type(document), content, "a document that was not written")
    except BadInput as error:
        raise ValueError(str(error)) from error
    return content


def read_entry(content: bytes, where: str) -> Entry:
    """The entry of a file's bytes; whether its hash is right is for `verify` to say.

    Raises:
        BadInput: they are none, or not as an entry is written.
    """
    return _read(Entry, content, where)


def read_evidence(content: bytes, digest: str, where: str) -> Evidence:
    """The evidence of a file's bytes.

    Raises:
        BadInput: they are none, or not those of the digest.
    """
    if digest_bytes(content) != digest:
        raise BadInput("the evidence was altered: its bytes have another digest", where=where)
    return _read(Evidence, content, where)


def _read(kind: type[_Document], content: bytes, where: str) -> _Document:
    try:
        value = json.loads(content)
        if not isinstance(value, dict):
            raise ValueError("no object")
    except (ValueError, RecursionError) as error:
        raise BadInput(f"this is no JSON object ({error})"[:200], where=where) from None
    document = kind.from_json(value, where)
    try:
        unchanged = canonical_json(document.to_json()) == content
    except ValueError:
        unchanged = False
    if not unchanged:
        # Spaces, or a name that is there twice, which the hash over the values does not see.
        raise BadInput("these bytes are not as they were written", where=where)
    return document
