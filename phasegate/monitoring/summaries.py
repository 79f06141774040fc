"""Summaries: sealed segments as counts by pane, in the store beside the prediction log.

A segment has one document for each UTC date of its events, named as its part of the log is: a
function of the segment, the profile and the length of panes alone, so that it is made once however
often its maker was killed. Sums of any of them, in any order, are windows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.monitoring.counting import EPOCH
from phasegate.monitoring.counts import NumericCounts, WindowCounts
from phasegate.monitoring.keys import from_text, to_text
from phasegate.monitoring.profile import Profile
from phasegate.monitoring.summary import Foreign, Pane, Summary

MOST_BYTES = 64 << 20
MOST_PANES = 2_000  # of one date: panes of less than a minute say nothing
_FIELDS = {"duplicates", "model_digest", "pane", "panes", "rows", "segment"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


def summary_name(log_name: str) -> str:
    """The summary's name in the store.

    Args:
        log_name: of the same rows in the prediction log,
            ``predictions/MODEL/date=YYYY-MM-DD/model=DIGEST/SEGMENT.parquet``.
    """
    _, model, *rest = log_name.removesuffix(".parquet").split("/")
    return "/".join(["monitoring", model, "summaries", *rest]) + ".json"


def log_name(name: str) -> str:
    """Where in the prediction log the rows of a summary are."""
    _, model, _, *rest = name.removesuffix(".json").split("/")
    return "/".join(["predictions", model, *rest]) + ".parquet"


def encode(summary: Summary) -> bytes:
    """The document: canonical JSON."""
    return canonical_json(
        {
            "segment": summary.segment,
            "model_digest": summary.model_digest,
            "pane": summary.pane.total_seconds(),
            "rows": summary.rows,
            "duplicates": summary.duplicates,
            "panes": {
                start.astimezone(UTC).isoformat(): {
                    **one.counts.to_json(),
                    "keys": to_text(one.keys),
                    "duplicates": one.duplicates,
                }
                for start, one in summary.panes.items()
            },
        }
    )


def decode(content: bytes, profile: Profile, where: str) -> Summary:
    """Read a document, which may come from anywhere.

    Raises:
        BadInput: it is none, too large, of another model or profile, or does not add up.
    """
    value = _document(content, where)
    try:
        if value["model_digest"] != profile.model_digest:
            raise Foreign(f"counts of model {str(value['model_digest'])[:12]}", where=where)
        summary = _read(value, where, lambda counts: _counts(counts, profile, where))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadInput(f"this is no summary of a segment ({error})", where=where) from None
    return summary


def decode_any(content: bytes, where: str) -> Summary:
    """Read a document of whatever model, whose features are left out.

    Raises:
        BadInput: it is none, too large, or does not add up.
    """
    value = _document(content, where)
    try:
        return _read(value, where, _numbers)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadInput(f"this is no summary of a segment ({error})", where=where) from None


def _document(content: bytes, where: str) -> Mapping[str, Any]:
    if len(content) > MOST_BYTES:
        raise BadInput(f"{len(content):,} bytes", where=where, expected=f"at most {MOST_BYTES:,}")
    try:
        value = json.loads(content)
    except ValueError as error:
        raise BadInput(f"this is no summary of a segment ({error})", where=where) from None
    if not isinstance(value, dict) or set(value) != _FIELDS:
        fields = sorted(set(value) ^ _FIELDS) if isinstance(value, dict) else value
        said = f"this is no summary of a segment (fields {fields})"[:300]
        raise BadInput(said, where=where)
    return value


def _read(
    value: Mapping[str, Any], where: str, counts_of: Callable[[Mapping[str, Any]], WindowCounts]
) -> Summary:
    segment, digest = value["segment"], value["model_digest"]
    if not _SHA256.fullmatch(segment) or not _SHA256.fullmatch(digest):
        raise ValueError("no sha256 of a segment and a model")
    if where.endswith(".json") and Path(where).stem != segment:
        raise ValueError(f"it is about segment {segment[:12]}")
    if len(value["panes"]) > MOST_PANES:
        raise ValueError(f"{len(value['panes']):,} panes, at most {MOST_PANES:,}")
    pane = timedelta(seconds=value["pane"])
    if pane < timedelta(seconds=1):
        raise ValueError(f"panes of {value['pane']} seconds")
    panes = {}
    for text, one in value["panes"].items():
        start = datetime.fromisoformat(text)
        if start.tzinfo is None or (start - EPOCH) % pane:
            raise ValueError(f"{text} does not begin a pane")
        counts, keys = counts_of(one), from_text(one["keys"])
        if len(keys) != counts.rows + counts.failed:
            raise ValueError(f"{len(keys)} keys of {counts.rows + counts.failed} rows")
        panes[start.astimezone(UTC)] = Pane(counts, keys, _number(one["duplicates"]))
    summary = Summary(segment, digest, pane, panes)
    told = (_number(value["rows"]), _number(value["duplicates"]))
    if told != (summary.rows, summary.duplicates):
        raise ValueError(f"its panes hold {summary.rows} rows of {told[0]}")
    return summary


def _counts(value: Mapping[str, Any], profile: Profile, where: str) -> WindowCounts:
    if value["profile"] != profile.digest:
        raise Foreign(f"counts of profile {str(value['profile'])[:12]}", where=where)
    return WindowCounts.from_json(value, profile, where)


def _numbers(value: Mapping[str, Any]) -> WindowCounts:
    """Rows and failures alone."""
    rows, failed = _number(value["rows"]), _number(value["failed"])
    return WindowCounts(
        str(value["profile"]), rows, failed, 0, NumericCounts(np.zeros(0, np.int64)), {}
    )


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise ValueError(f"{str(value)[:40]!r} is no number of rows")
    return value
