"""The backend behind its HTTP: who may ask, what is asked, and the answer."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.kubeflow.fake import operations
from tests.kubeflow.fake.faults import Faults
from tests.kubeflow.fake.pipelines import Pipelines
from tests.kubeflow.fake.recurring import Recurring
from tests.kubeflow.fake.refusals import Refused, invalid
from tests.kubeflow.fake.requests import Call, Request, json_body, uploaded
from tests.kubeflow.fake.runs import Runs
from tests.kubeflow.fake.store import Store
from tests.kubeflow.fake.types import answer, read


class Backend:
    """Answers requests and remembers them.

    Attributes:
        token: that requests must bear; None lets everybody in.
        cookie: that lets requests in as well.
    """

    def __init__(self, multi_user: bool) -> None:
        self.store = Store(multi_user)
        self.faults = Faults()
        self.pipelines = Pipelines(self.store)
        self.runs = Runs(self.store, self.pipelines)
        self.recurring = Recurring(self.store, self.runs)
        self.token: str | None = None
        self.cookie: str | None = None
        self._requests: list[Request] = []
        self._lock = threading.Lock()

    @property
    def requests(self) -> list[Request]:
        """Requests so far."""
        with self._lock:
            return list(self._requests)

    def record(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, status: int
    ) -> None:
        """Remember a request."""
        parts = urlsplit(target)
        try:
            name = operations.find(method, unquote(parts.path))[0].name
        except Refused:
            name = ""
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        with self._lock:
            self._requests.append(
                Request(method, unquote(parts.path), query, headers, body, status, name)
            )

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Any:
        """The answer's JSON.

        Raises:
            Refused: an answer of 400 and above.
        """
        self._authenticate(headers)
        parts = urlsplit(target)
        operation, path = operations.find(method, unquote(parts.path))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        for name in query:
            if name not in operation.query:
                raise invalid(f"{operation.name} has no query parameter {name!r}")
        if operation.name == "healthz_service_get_healthz":
            return answer({"multi_user": self.store.multi_user}, operation.answer)
        handler = next(
            (
                found
                for part in (self.pipelines, self.runs, self.recurring)
                if (found := getattr(part, operation.name, None))
            ),
            None,
        )
        if handler is None:
            raise Refused(501, f"the fake has no {operation.name}")
        if operation.name.startswith("upload_"):
            file, name = uploaded(body, headers.get("content-type", ""))
            call = Call(path, query, file=file, file_name=name)
        elif operation.body:
            value = read(json_body(body), operation.body)
            call = Call(path, query, value)
        else:
            call = Call(path, query)
        with self.store.lock:
            return (
                answer(handler(call), operation.answer)
                if operation.answer != "object"
                else (handler(call))
            )

    def _authenticate(self, headers: Mapping[str, str]) -> None:
        if self.token is None and self.cookie is None:
            return
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if self.token is not None and bearer == self.token:
            return
        if self.cookie is not None and self.cookie in headers.get("cookie", ""):
            return
        raise Refused(401, "Unauthenticated: request header error: no valid identity")
