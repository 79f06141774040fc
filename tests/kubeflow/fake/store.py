"""What the backend keeps, and its clock."""

from __future__ import annotations

import copy
import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.kubeflow.fake.refusals import missing

Object = dict[str, Any]
_START = datetime(2026, 1, 1, tzinfo=UTC)


class Store:
    """Objects by kind and identifier; every moment is later than the one before.

    Attributes:
        lock: held while a request is carried out.
        multi_user: whether namespaces matter.
    """

    def __init__(self, multi_user: bool) -> None:
        self.lock = threading.RLock()
        self.multi_user = multi_user
        self.kinds: dict[str, dict[str, Object]] = {
            name: {} for name in ("Pipeline", "PipelineVersion", "Experiment", "Run", "Job")
        }
        self.specs: dict[str, Object] = {}  # of versions, as the answers carry them
        self._seconds = 0

    def now(self) -> str:
        """The next second."""
        self._seconds += 1
        moment = _START + timedelta(seconds=self._seconds)
        return moment.isoformat().replace("+00:00", "Z")

    def id(self) -> str:
        """A new identifier."""
        return str(uuid.uuid4())

    def get(self, kind: str, name: str) -> Object:
        """An object itself.

        Raises:
            Refused: 404.
        """
        try:
            return self.kinds[kind][name]
        except KeyError:
            raise missing(kind, name) from None

    def all(self, kind: str) -> list[Object]:
        """Objects of a kind, in the order in which they were made."""
        return list(self.kinds[kind].values())

    def copies(self, kind: str) -> list[Object]:
        """Copies of the objects of a kind."""
        with self.lock:
            return copy.deepcopy(self.all(kind))

    def in_namespace(self, kind: str, namespace: str) -> list[Object]:
        """Objects of a kind in a namespace, all of them where nobody has his own."""
        return [
            one
            for one in self.all(kind)
            if not self.multi_user or one.get("namespace", "") == namespace
        ]
