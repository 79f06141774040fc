"""The file of digests: which image of each environment was pushed, and what it was made of.

A digest names an image in a registry, so only a push gives one; the id that an engine shows for an
image of its own is another number, which no registry knows.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from phasegate.errors import BadInput
from phasegate.images.context import Context

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HEX = re.compile(r"[0-9a-f]{64}")
_REBUILD = "run phasegate images build --push {}"


@dataclass(frozen=True, slots=True)
class Pin:
    """An image that was pushed.

    Attributes:
        image: its repository, such as ``registry.example.org/fraud/core``.
        digest: of its manifest in that registry, ``sha256:`` and 64 hex digits.
        lock_digest: hex sha256 of the lock that its libraries were installed from.
        code_digest: hex sha256 of the code and the recipe; see `Context.code_digest`.
        commit: git commit of the code, with ``+dirty`` for uncommitted changes.
        size: bytes unpacked, or None where the builder does not tell.
    """

    image: str
    digest: str
    lock_digest: str
    code_digest: str
    commit: str
    size: int | None

    @property
    def reference(self) -> str:
        """The image by its digest: what a pod pulls is what was built."""
        return f"{self.image}@{self.digest}"


@dataclass(frozen=True, slots=True)
class Pins:
    """Images by their environments.

    Attributes:
        path: the file that they are from.
        pins: environment -> image.
    """

    path: Path
    pins: Mapping[str, Pin]

    @classmethod
    def load(cls, path: Path) -> Pins:
        """Read a file of digests.

        Raises:
            BadInput: when it is absent or is not such a file.
        """
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BadInput(
                f"the file of image digests cannot be read ({error.strerror})",
                where=str(path),
                fix="run phasegate images build --push, which writes it",
            ) from None
        except ValueError as error:
            raise BadInput(f"not JSON: {error}", where=str(path)) from None
        if not isinstance(document, dict):
            raise BadInput(
                "not a file of image digests", where=str(path), expected="{environment: image}"
            )
        return cls(path, {name: _pin(path, name, value) for name, value in document.items()})

    def current(self, environment: str, context: Context) -> Pin:
        """The image of an environment, if it is what would be built now.

        Raises:
            BadInput: when there is none, or it was made from another lock or other code.
        """
        rebuild = _REBUILD.format(environment)
        pin = self.pins.get(environment)
        if pin is None:
            raise BadInput(
                f"there is no image of environment '{environment}'",
                where=str(self.path),
                fix=rebuild,
            )
        stale = [
            what
            for what, pinned, now in (
                ("lock", pin.lock_digest, context.lock_digest(environment)),
                ("code", pin.code_digest, context.code_digest()),
            )
            if pinned != now
        ]
        if stale:
            raise BadInput(
                f"the image of '{environment}' was built at {pin.commit} from another "
                f"{' and other '.join(stale)} than there is now",
                where=str(self.path),
                fix=f"{rebuild}, or check out that commit",
            )
        return pin


def merge(path: Path, pins: Mapping[str, Pin]) -> None:
    """Put images into a file of digests, in place of their predecessors, keeping the others."""
    known = dict(Pins.load(path).pins) if path.exists() else {}
    known.update(pins)
    text = json.dumps({name: asdict(pin) for name, pin in sorted(known.items())}, indent=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        file.write(f"{text}\n")
    Path(file.name).chmod(0o644)
    os.replace(file.name, path)


def kustomization(pins: Mapping[str, Pin], placeholder: str) -> str:
    """A kustomize Component that puts images by digest in place of the manifests' own names.

    Args:
        pins: environment -> image.
        placeholder: registry that the manifests name, such as ``phasegate``.
    """
    return "\n".join(
        [
            "apiVersion: kustomize.config.k8s.io/v1alpha1",
            "kind: Component",
            "images:",
            *_blocks(sorted(pins.items()), placeholder),
            "",
        ]
    )


def _blocks(pins: Iterable[tuple[str, Pin]], placeholder: str) -> Iterable[str]:
    for environment, pin in pins:
        yield f"  - name: {placeholder}/{environment}"
        yield f"    newName: {pin.image}"
        yield f"    digest: {pin.digest}"


def _pin(path: Path, name: str, value: Any) -> Pin:
    try:
        pin = Pin(**value)
        valid = (
            bool(pin.image)
            and bool(_DIGEST.fullmatch(pin.digest))
            and bool(_HEX.fullmatch(pin.lock_digest))
            and bool(_HEX.fullmatch(pin.code_digest))
        )
    except TypeError:
        valid = False
    if not valid:
        raise BadInput(
            f"not an image by its digest: {json.dumps(value)[:200]}",
            where=f"{path}: {name}",
            expected="image, digest (sha256:...), lock_digest, code_digest, commit, size",
            fix=_REBUILD.format(name),
        )
    return pin
