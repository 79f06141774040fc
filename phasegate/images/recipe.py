"""The Dockerfile for builders that know less."""

from __future__ import annotations

import re

_MOUNT = re.compile(r"--mount=\S+[ \t]*(?:\\\n[ \t]*)?")


def without_mounts(dockerfile: str) -> str:
    """The same recipe for Docker's classic builder, which refuses ``RUN --mount``.

    Nothing is mounted that a build needs: caches only save downloads, secrets are optional.

    >>> without_mounts("RUN --mount=type=cache,target=/c --mount=type=secret,id=a make\\n")
    'RUN make\\n'
    """
    return "".join(
        _MOUNT.sub("", block) if block.startswith("RUN ") else block
        for block in re.split(r"(?m)^(?=\S)", dockerfile)
    )
