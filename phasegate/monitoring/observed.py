"""What a run of monitoring looks at: decided once, so that all its steps see the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from phasegate.errors import BadInput
from phasegate.monitoring.retraining.decision import Change
from phasegate.store.named import NamedFiles
from phasegate.values import from_json, to_json

FILE = "window.json"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of the prediction log, which never changes.

    Attributes:
        name: in the log's store, ``predictions/MODEL/date=DAY/model=DIGEST/SEGMENT.parquet``.
        size: bytes.
    """

    name: str
    size: int

    @property
    def day(self) -> date:
        """UTC date of the events in it."""
        return date.fromisoformat(self.name.split("/")[2].removeprefix("date="))

    @property
    def slot(self) -> str:
        """First 12 digits of the digest of the model that was asked."""
        return self.name.split("/")[3].removeprefix("model=")


@dataclass(frozen=True, slots=True)
class Observed:
    """A window of a model's predictions, with the history that it is seen before.

    Attributes:
        model: name of the model.
        model_version: the champion, ``NAME/VERSION`` in the registry.
        model_digest: hex sha256 of its bytes.
        profile_digest: of its reference.
        since, until: the window, of event time: from `since` on, before `until`.
        history: start of the event time that performance is told over; not after `since`.
        now: event time of the look.
        files: of the log, from `history` to `until`, of every model that was asked; by name.
        changes: what is known to have been changed under the model, by time.
    """

    model: str
    model_version: str
    model_digest: str
    profile_digest: str
    since: datetime
    until: datetime
    history: datetime
    now: datetime
    files: tuple[LogFile, ...] = ()
    changes: tuple[Change, ...] = ()

    def files_of(
        self, since: datetime, until: datetime, *, model_digest: str = ""
    ) -> tuple[LogFile, ...]:
        """Files that may hold events of a span, of one model where one is named.

        Args:
            since, until: from, and before; a file holds events of one UTC date.
            model_digest: of the model that was asked; empty for all.
        """
        first, last = since.date(), (until - timedelta(microseconds=1)).date()
        return tuple(
            file
            for file in self.files
            if first <= file.day <= last and model_digest[:12] in ("", file.slot)
        )

    @property
    def models(self) -> tuple[str, ...]:
        """First 12 digits of the digests of all models that have files, sorted."""
        return tuple(sorted({file.slot for file in self.files}))

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` reads them."""
        return to_json(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str = "observed window") -> Observed:
        """The window of JSON values.

        Raises:
            BadInput: they are none.
        """
        return from_json(cls, value, where)

    @classmethod
    def read(cls, folder: Path) -> Observed:
        """The window of an ObservedWindow's folder.

        Raises:
            BadInput: there is none, or it is damaged.
        """
        path = folder / FILE
        try:
            return cls.from_json(json.loads(path.read_bytes()), str(path))
        except (OSError, ValueError) as error:
            raise BadInput(f"this is no window ({error})", where=str(path)) from None


def log_files(store: NamedFiles, model: str, since: datetime, until: datetime) -> list[LogFile]:
    """Files of a model's prediction log that may hold events of a span, by name.

    Args:
        since, until: from, and before, in UTC.

    Raises:
        Unavailable: the store did not answer.
    """
    found: list[LogFile] = []
    day, last = since.date(), (until - timedelta(microseconds=1)).date()
    while day <= last:
        sizes = store.sizes(f"predictions/{model}/date={day}/")
        found += (LogFile(name, size) for name, size in sizes.items() if name.endswith(".parquet"))
        day += _DAY
    return found


def local_files(
    files: tuple[LogFile, ...] | list[LogFile], store: NamedFiles, folder: Path
) -> list[Path]:
    """Where files of the log lie on this machine; those of a bucket are fetched once.

    Args:
        folder: gets what is fetched.

    Raises:
        BadInput: one is gone, or has another size than when it was listed.
        Unavailable: the store did not answer.
    """
    paths = []
    for file in files:
        fetched = folder / file.name
        path = store.local_path(file.name) or (fetched if fetched.is_file() else None)
        path = path or store.fetch(file.name, fetched.parent)
        if (size := path.stat().st_size) != file.size:
            raise BadInput(
                f"it has {size:,} bytes", where=f"{store.uri}/{file.name}",
                expected=f"{file.size:,}, as it was listed: files of the log never change",
            )  # fmt: skip
        paths.append(path)
    return paths
