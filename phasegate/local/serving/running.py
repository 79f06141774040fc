"""What is served here now: one small file for each model, written by who serves it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phasegate.errors import BadInput

if TYPE_CHECKING:
    from phasegate.local.serving.models import ServedModel
    from phasegate.local.serving.platform import LocalServing
    from phasegate.traffic.envoy.target import EnvoyTarget
    from phasegate.traffic.plan import Backend

SERVING = "serving"  # folder of a workspace
FILE, LOCK = "running.json", "running.lock"


@dataclass(frozen=True)
class Running:
    """A model that is served on this machine.

    Attributes:
        name: in the path of requests.
        url: where requests go.
        admin: ``IP:PORT`` of the proxy's admin interface.
        proxy: the proxy's folder.
        log: store of the sealed prediction log.
        sidecar: http address of the sidecar.
        pid: process that started it all, and ends it all.
        models: by role, ``champion`` and maybe ``challenger``: version, digest, folder, address.
    """

    name: str
    url: str
    admin: str
    proxy: str
    log: str
    sidecar: str
    pid: int
    models: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(
        cls, serving: LocalServing, models: Sequence[ServedModel], backends: Sequence[Backend]
    ) -> Running:
        """What this process has started."""
        return cls(
            name=models[0].name,
            url=serving.url,
            admin=serving.admin,
            proxy=str(serving.folder / "proxy"),
            log=serving.log,
            sidecar=serving.sidecar,
            pid=os.getpid(),
            models={
                role: {
                    "version": model.version,
                    "digest": model.digest,
                    "folder": str(model.folder),
                    "address": one.address,
                }
                for role, model, one in zip(("champion", "challenger"), models, backends)  # noqa: B905
            },
        )

    @property
    def target(self) -> EnvoyTarget:
        """The proxy's traffic target, from this process.

        Raises:
            Unavailable: the proxy has ended.
        """
        from phasegate.traffic.envoy.target import EnvoyTarget

        return EnvoyTarget(Path(self.proxy), self.admin)

    def save(self, folder: Path) -> None:
        """Write the file, whole."""
        partial = folder / f".{FILE}"
        partial.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")
        partial.replace(folder / FILE)


@contextmanager
def only_one(folder: Path, name: str) -> Iterator[None]:
    """Serve a model once at a time; its file is removed at the end.

    Raises:
        BadInput: somebody serves it already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(
                "is being served already", where=name, fix="phasegate traffic show says by whom"
            ) from None
        try:
            yield
        finally:
            (folder / FILE).unlink(missing_ok=True)
    finally:
        os.close(lock)


def find_running(folder: Path, name: str = "") -> Running:
    """The model served in a workspace's serving folder.

    Args:
        name: which; may be left out where only one is served.

    Raises:
        BadInput: none is, or several are and none is named.
    """
    found = [_load(path) for path in sorted(folder.glob(f"{name or '*'}/{FILE}"))]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInput(
            "several models are served here",
            where=str(folder),
            expected=f"the name of one: {', '.join(one.name for one in found)}",
        )
    raise BadInput(
        f"'{name}' is not served here" if name else "no model is served here",
        where=str(folder),
        fix="serve one: phasegate serve NAME@champion",
    )


def _load(path: Path) -> Running:
    try:
        value: dict[str, Any] = json.loads(path.read_bytes())
        return Running(**value)
    except (ValueError, TypeError, OSError) as error:
        raise BadInput(f"cannot be read ({error})", where=str(path)) from None
