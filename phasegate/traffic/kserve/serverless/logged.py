"""The champion's requests as its prediction log has them, ready to be sent again."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from phasegate.clock import microseconds
from phasegate.errors import BadInput
from phasegate.traffic.headers import ENTITY, EVENT_TIME, REQUEST_ID, ROLE
from phasegate.traffic.plan import WHOLE

CONCEALED, UNKNOWN = "concealed", "features"
_COLUMNS = (
    "request_id",
    "row",
    "event_time",
    "entity",
    "role",
    "model_digest",
    "error",
    "features",
)


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request.

    Attributes:
        headers: that the shadow gets: the champion's id, time and entity.
        rows: values of its features, None where missing.
    """

    headers: Mapping[str, str]
    rows: list[dict[str, Any]]


def is_copied(request_id: str, mirror: int) -> bool:
    """Whether a request is among a share of basis points; the same ones are whoever asks."""
    digest = hashlib.sha256(request_id.encode()).digest()
    return int.from_bytes(digest[:8], "big") % WHOLE < mirror


def read_requests(
    path: Path,
    inputs: Mapping[str, str],
    *,
    champion: str,
    mirror: int,
    since: datetime,
    concealed: Collection[str] = (),
) -> tuple[list[LoggedRequest], Counter[str]]:
    """The requests of one sealed file that are to be copied.

    Args:
        path: a Parquet file of the log.
        inputs: of the challenger: data types by name.
        champion: first 12 digits of its digest.
        mirror: share of its requests, in basis points.
        since: first event time.
        concealed: columns that the log hides behind a hash.

    Returns:
        The requests in the order of the log, and how many cannot be copied, by reason: the log
        conceals a value that the challenger needs, or does not have it.

    Raises:
        BadInput: the file cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, columns=list(_COLUMNS), partitioning=None)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise BadInput(f"it cannot be read ({error})"[:300], where=str(path)) from None
    kinds = {one.name: one.type for one in table.schema.field("features").type}
    problem = _problem(inputs, {name: str(kind) for name, kind in kinds.items()}, concealed)
    requests: dict[str, LoggedRequest] = {}
    seen: set[tuple[str, int]] = set()  # a request that came twice is sent once
    refused: set[str] = set()
    first = microseconds(since)
    times = table["event_time"].cast(pa.int64()).to_pylist()
    columns = {name: table[name].to_pylist() for name in _COLUMNS if name != "event_time"}
    for number, moment in enumerate(times):
        request_id = columns["request_id"][number]
        if (
            moment < first
            or columns["error"][number] is not None
            or columns["role"][number] == "shadow"
            or not columns["model_digest"][number].startswith(champion)
            or not is_copied(request_id, mirror)
        ):
            continue
        if problem:
            refused.add(request_id)
            continue
        row_of = (request_id, columns["row"][number])
        if row_of in seen:
            continue
        seen.add(row_of)
        values = columns["features"][number]
        row = {name: values[name] for name in inputs}
        if request_id not in requests:
            headers = {REQUEST_ID: request_id, EVENT_TIME: str(moment), ROLE: "shadow"}
            if entity := columns["entity"][number]:
                headers[ENTITY] = entity
            requests[request_id] = LoggedRequest(headers, [])
        requests[request_id].rows.append(row)
    return list(requests.values()), Counter({problem: len(refused)} if refused else {})


def _problem(
    inputs: Mapping[str, str], logged: Mapping[str, str], concealed: Collection[str]
) -> str:
    """Why nothing that is logged like this can be sent to such a model; empty where it can."""
    if any(name in concealed for name in inputs):
        return CONCEALED
    if any(name not in logged for name in inputs):
        return UNKNOWN  # dropped for privacy, or the champion does not know it
    for name, datatype in inputs.items():
        if datatype != "BYTES" and logged[name] == "string":
            return CONCEALED  # a hash stands where a number was
    return ""
