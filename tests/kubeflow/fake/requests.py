"""What a request asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from tests.kubeflow.fake.refusals import Refused, invalid


@dataclass(frozen=True, slots=True)
class Request:
    """A request that came, and what came of it.

    Attributes:
        method: HTTP method.
        path: without the query.
        query: of the address.
        headers: names in lower case.
        body: as it came.
        status: HTTP status of the answer; 0 where the connection was reset.
        operation: as ``kfp_server_api`` names it; empty where there is none.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    status: int
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A request as an answer needs it.

    Attributes:
        path: parameters in the path.
        query: of the address.
        body: as JSON.
        file: that was uploaded.
        file_name: its name.
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    file: bytes = b""
    file_name: str = ""


def json_body(body: bytes) -> Any:
    """The body as JSON.

    Raises:
        Refused: 400.
    """
    try:
        return json.loads(body)
    except ValueError as error:
        raise invalid(f"invalid JSON: {error}") from None


def uploaded(body: bytes, content_type: str) -> tuple[bytes, str]:
    """The file of a multipart form, and its name.

    Raises:
        Refused: 400, it has none.
    """
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    for part in message.walk():
        if part.get_param("name", header="content-disposition") == "uploadfile":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                return payload, part.get_filename() or ""
    raise Refused(400, "Failed to read pipeline from file", upload=True)
