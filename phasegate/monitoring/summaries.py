"""Summaries: sealed segments as counts by pane, in the store beside the prediction log.

A segment has one document for each UTC date of its events, named as its part of the log is: a
function of the segment, the profile and the length of panes alone, so that it is made once however
often its maker was killed. Sums of any of them, in any order, are windows.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from phasegate.digests import canonical_json
from phasegate.errors import BadInput, Unavailable
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.profile import Profile
from phasegate.store.named import NamedFiles

MOST_BYTES = 64 << 20
MOST_PANES = 2_000  # of one date: panes of less than a minute say nothing
_FIELDS = {"duplicates", "model_digest", "pane", "panes", "rows", "segment"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Summary:
    """Counts of one segment's events of one date.

    Attributes:
        segment: hex sha256 of the segment.
        model_digest: of the model that answered.
        pane: event time of a pane.
        rows: of users, answered or failed, each counted once.
        duplicates: rows that came again, and were left out.
        panes: counts by the start of their pane, UTC, which is a multiple of `pane` from 1970.
    """

    segment: str
    model_digest: str
    pane: timedelta
    rows: int
    duplicates: int
    panes: Mapping[datetime, WindowCounts]


@dataclass(frozen=True)
class WindowSummaries:
    """All summaries of a window together.

    Attributes:
        panes: counts by the start of their pane.
        files: documents that were added up.
        duplicates: rows that they left out.
        uncounted: files of the log that have no summary: sealed without this profile, or just now.
        foreign: documents counted on another profile, or by panes that the window cuts through.
        damaged: what is wrong with documents that could not be read.
    """

    panes: Mapping[datetime, WindowCounts]
    files: int
    duplicates: int
    uncounted: tuple[str, ...]
    foreign: tuple[str, ...]
    damaged: tuple[str, ...]


def summary_name(log_name: str) -> str:
    """The summary's name in the store.

    Args:
        log_name: of the same rows in the prediction log,
            ``predictions/MODEL/date=YYYY-MM-DD/model=DIGEST/SEGMENT.parquet``.
    """
    _, model, *rest = log_name.removesuffix(".parquet").split("/")
    return "/".join(["monitoring", model, "summaries", *rest]) + ".json"


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
                start.astimezone(UTC).isoformat(): counts.to_json()
                for start, counts in summary.panes.items()
            },
        }
    )


def decode(content: bytes, profile: Profile, where: str) -> Summary:
    """Read a document, which may come from anywhere.

    Raises:
        BadInput: it is none, too large, of another model or profile, or does not add up.
    """
    if len(content) > MOST_BYTES:
        raise BadInput(f"{len(content):,} bytes", where=where, expected=f"at most {MOST_BYTES:,}")
    try:
        summary = _read(json.loads(content), profile, where)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadInput(f"this is no summary of a segment ({error})", where=where) from None
    counted = sum(one.rows + one.failed for one in summary.panes.values())
    if counted != summary.rows:
        raise BadInput(f"its panes hold {counted} rows of {summary.rows}", where=where)
    return summary


def read_window(
    store: NamedFiles, model: str, profile: Profile, since: datetime, until: datetime
) -> WindowSummaries:
    """All summaries of a window, added up by pane.

    Args:
        store: that the sidecars write to.
        model: name that it is served under.
        profile: of the model.
        since: start of the window: of a pane.
        until: its end: of a pane.

    Raises:
        BadInput: the store did not answer, or refused.
    """
    panes: dict[datetime, WindowCounts] = {}
    uncounted, foreign, damaged = [], [], []
    files = duplicates = 0
    with tempfile.TemporaryDirectory() as folder:
        for day in _days(since, until):
            part = f"date={day}/model={profile.model_digest[:12]}/"
            names = store.names(f"monitoring/{model}/summaries/{part}")
            log = store.names(f"predictions/{model}/{part}")
            uncounted += [name for name in log if summary_name(name) not in set(names)]
            for name in names:
                path = store.local_path(name) or store.fetch(name, Path(folder))
                try:
                    summary = decode(path.read_bytes(), profile, name)
                    inside = _inside(summary, since, until, name)
                except _Foreign:
                    foreign.append(name)
                    continue
                except Unavailable:
                    raise
                except BadInput as error:
                    damaged.append(str(error))
                    continue
                files += 1
                duplicates += summary.duplicates
                for start, counts in inside.items():
                    panes[start] = panes[start] + counts if start in panes else counts
    return WindowSummaries(
        dict(sorted(panes.items())), files, duplicates,
        tuple(uncounted), tuple(foreign), tuple(damaged),
    )  # fmt: skip


class _Foreign(BadInput):
    """A document that is whole, and cannot be added to these."""


def _read(value: Mapping[str, Any], profile: Profile, where: str) -> Summary:
    if set(value) != _FIELDS:
        raise ValueError(f"fields {sorted(set(value) ^ _FIELDS)}")
    segment, digest = value["segment"], value["model_digest"]
    if not _SHA256.fullmatch(segment) or not _SHA256.fullmatch(digest):
        raise ValueError("no sha256 of a segment and a model")
    if digest != profile.model_digest:
        raise _Foreign(f"counts of model {digest[:12]}", where=where)
    if where.endswith(".json") and Path(where).stem != segment:
        raise ValueError(f"it is about segment {segment[:12]}")
    if len(value["panes"]) > MOST_PANES:
        raise ValueError(f"{len(value['panes']):,} panes, at most {MOST_PANES:,}")
    pane = timedelta(seconds=value["pane"])
    if pane < timedelta(seconds=1):
        raise ValueError(f"panes of {value['pane']} seconds")
    panes = {}
    for text, counts in value["panes"].items():
        start = datetime.fromisoformat(text)
        if start.tzinfo is None or (start - datetime(1970, 1, 1, tzinfo=UTC)) % pane:
            raise ValueError(f"{text} does not begin a pane")
        if counts["profile"] != profile.digest:
            raise _Foreign(f"counts of profile {str(counts['profile'])[:12]}", where=where)
        panes[start.astimezone(UTC)] = WindowCounts.from_json(counts, profile, where)
    rows, duplicates = value["rows"], value["duplicates"]
    if type(rows) is not int or type(duplicates) is not int or rows < 0 or duplicates < 0:
        raise ValueError("no numbers of rows and duplicates")
    return Summary(segment, digest, pane, rows, duplicates, panes)


def _inside(
    summary: Summary, since: datetime, until: datetime, where: str
) -> dict[datetime, WindowCounts]:
    """Panes that lie in the window.

    Raises:
        _Foreign: one lies in it in part.
    """
    found = {}
    for start, counts in summary.panes.items():
        end = start + summary.pane
        if since <= start and end <= until:
            found[start] = counts
        elif start < until and since < end:
            raise _Foreign(f"the pane from {start.isoformat()} is cut", where=where)
    return found


def _days(since: datetime, until: datetime) -> Iterator[date]:
    """UTC dates of the window's events."""
    day, last = since.astimezone(UTC).date(), (until - timedelta(microseconds=1)).astimezone(UTC)
    while day <= last.date():
        yield day
        day += timedelta(days=1)
