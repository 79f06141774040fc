"""The backend over HTTP: JSON in and out."""

from __future__ import annotations

import json
import time

from tests.kubeflow.fake.backend import Backend
from tests.kubeflow.fake.refusals import Refused
from tests.loopback import Handler, Listener


class Server(Listener):
    """The backend on loopback."""

    def __init__(self, port: int, backend: Backend) -> None:
        self.backend = backend
        super().__init__(port, _Handler)


class _Handler(Handler):
    server: Server

    def answer(self, body: bytes) -> None:
        """Carry a request out, or fail it as a test has said."""
        backend = self.server.backend
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = backend.faults.due(self.command, self.path)
        if fault and fault.delay:
            time.sleep(fault.delay)
        status, value, more = 200, None, {}
        try:
            if fault is None or fault.late or (fault.status is None and not fault.reset):
                value = backend.answer(self.command, self.path, headers, body)
            if fault and fault.status:
                raise fault.refused()
        except Refused as error:
            status, value, more = error.status, error.body(), error.headers
        except Exception as error:
            status, value = 599, {"message": f"the fake failed: {error!r}"}
        reset = fault is not None and fault.reset
        backend.record(self.command, self.path, headers, body, 0 if reset else status)
        if reset:
            self.cut()
        elif fault and fault.html:
            page = b"<html><body>Sign in</body></html>"
            self.send(fault.status or 200, page, "text/html", {"Location": "/login", **more})
        else:
            self.send(status, json.dumps(value).encode(), "application/json", more)
