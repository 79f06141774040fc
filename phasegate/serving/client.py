"""A client of the two REST protocols, on one kept connection."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urlsplit

from phasegate.models import CATEGORICAL, Input
from phasegate.server_process import ServerFailure


class ServingFailure(ServerFailure):
    """A model server did not start, did not answer, or answered something else than asked."""


@dataclass(frozen=True)
class Answer:
    """What a server says about some rows.

    Attributes:
        scores: probability for each row.
        decisions: 0 or 1 for each row.
        model_digest: digest of the model that answered.
        id: id of the request.
    """

    scores: tuple[float, ...]
    decisions: tuple[int, ...]
    model_digest: str
    id: str


class ModelClient:
    """Asks one model of one server. Every request raises ServingFailure unless it is answered.

    Args:
        address: http address of the server.
        name: name of the model.
        timeout: seconds for connecting, and for each part of an answer.
        headers: of every request.
    """

    def __init__(
        self,
        address: str,
        name: str,
        timeout: float = 10,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._address, self._path = address, quote(name, safe="")
        self._headers = {"content-type": "application/json", **(headers or {})}
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def is_ready(self) -> bool:
        """Whether the server serves the model now."""
        try:
            status, body = self.send("GET", f"/v1/models/{self._path}")
        except ServingFailure:
            return False
        return status == 200 and b"true" in body.lower()

    def inputs(self) -> list[str]:
        """Names of what the model asks for, in its order.

        Raises:
            ServingFailure: there is no such model, or no answer.
        """
        status, body = self.send("GET", f"/v2/models/{self._path}")
        if status != 200:
            raise ServingFailure(f"{self._address} does not serve '{self._path}' ({status})")
        try:
            return [str(one["name"]) for one in json.loads(body)["inputs"]]
        except (KeyError, TypeError, ValueError) as error:
            raise _unreadable(body) from error

    def predict_v1(self, rows: Sequence[Mapping[str, Any]]) -> Answer:
        """Ask with rows of feature values; None where missing."""
        body = self._ask(f"/v1/models/{self._path}:predict", {"instances": list(rows)})
        try:
            return Answer(
                tuple(float(one["score"]) for one in body["predictions"]),
                tuple(int(one["decision"]) for one in body["predictions"]),
                str(body["model_digest"]),
                str(body["id"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise _unreadable(body) from error

    def predict_v2(self, rows: Sequence[Mapping[str, Any]], inputs: Sequence[Input]) -> Answer:
        """Ask with one named tensor for each input."""
        tensors = [
            {
                "name": one.name,
                "shape": [len(rows)],
                "datatype": "BYTES" if one.kind == CATEGORICAL else "FP64",
                "data": [row[one.name] for row in rows],
            }
            for one in inputs
        ]
        body = self._ask(f"/v2/models/{self._path}/infer", {"inputs": tensors})
        try:
            outputs = {one["name"]: one["data"] for one in body["outputs"]}
            return Answer(
                tuple(map(float, outputs["score"])),
                tuple(map(int, outputs["decision"])),
                str(body["parameters"]["model_digest"]),
                str(body["id"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise _unreadable(body) from error

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """One raw request: status and body of its answer.

        Raises:
            ServingFailure: when there is no answer in time.
        """
        headers = {**self._headers, **(headers or {})}
        try:
            # A server that refuses a body unread says why, and closes while it is still being sent.
            with suppress(BrokenPipeError, ConnectionResetError):
                self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise ServingFailure(
                f"no answer from {self._address}{path} ({type(error).__name__}: {error})"
            ) from error

    def _ask(self, path: str, body: Mapping[str, Any]) -> Any:
        status, answer = self.send("POST", path, json.dumps(body, allow_nan=False).encode())
        if status != 200:
            text = answer.decode(errors="replace")[:500]
            raise ServingFailure(f"{self._address}{path} answered {status}: {text}")
        try:
            return json.loads(answer)
        except ValueError as error:
            raise _unreadable(answer) from error


def _unreadable(body: Any) -> ServingFailure:
    return ServingFailure(f"an answer that cannot be read: {str(body)[:500]}")
