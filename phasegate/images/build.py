"""Build the images of environments, one after another."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from phasegate import __version__
from phasegate.errors import BadInput
from phasegate.images.builders import Builder, Order
from phasegate.images.context import Context
from phasegate.images.pins import Pin

IMAGES = ("core", "tfdv", "sidecar", "drift")
"""What pipelines and pods of models run in. Others are built by their names: ``tracking``, MLflow's
server on a cluster, and ``author``, for jobs that submit."""


@dataclass(frozen=True, slots=True)
class Built:
    """An image that was built.

    Attributes:
        order: what was asked for.
        seconds: how long it took.
        size: bytes unpacked, or None.
        digest: in its registry; empty where it was not pushed.
    """

    order: Order
    seconds: float
    size: int | None
    digest: str


def arguments(context: Context, environment: str, reference: str, base: str) -> dict[str, str]:
    """Arguments of the Dockerfile that say what is inside.

    Args:
        environment: whose lock is installed.
        reference: the image by its tag.
        base: image that it is made on, or empty for the Dockerfile's own.
    """
    given = {
        "ENVIRONMENT": environment,
        "GIT_COMMIT": context.commit,
        "IMAGE": reference,
        "LOCK_DIGEST": f"sha256:{context.lock_digest(environment)}",
        "SOURCE": context.source,
        "SOURCE_DATE_EPOCH": str(context.committed),
        "VERSION": __version__,
    }
    return {**given, **({"BASE_IMAGE": base} if base else {})}


def build(builder: Builder, order: Order) -> Built:
    """Build one image and, where the order says so, push it.

    What the builder prints goes to standard error.

    Raises:
        BadInput: when it fails, or a push gave no digest.
    """
    recipe = builder.recipe((order.context / "Dockerfile").read_text(encoding="utf-8"))
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for command in builder.commands(order, scratch):
            _run(command, recipe, order)
            recipe = None
        digest = builder.digest(order, scratch) if order.push else ""
    if order.push and not digest:
        raise BadInput(
            f"{builder.name} told no digest of the image that it pushed", where=order.reference
        )
    return Built(order, time.monotonic() - started, builder.size(order), digest)


def pin(context: Context, built: Built, code_digest: str) -> Pin:
    """What the file of digests says of a pushed image.

    Args:
        code_digest: of the code as it was before the build.

    Raises:
        BadInput: when the code is not the same any more: who knows what was copied.
    """
    if context.code_digest() != code_digest:
        raise BadInput(
            "the code changed while its image was built, so its digest is not kept",
            where=built.order.reference,
            fix="build it again",
        )
    environment = built.order.environment
    return Pin(
        image=built.order.repository,
        digest=built.digest,
        lock_digest=context.lock_digest(environment),
        code_digest=code_digest,
        commit=context.commit,
        size=built.size,
    )


def build_all(
    builder: Builder,
    orders: list[Order],
    *,
    started: Callable[[Order], None],
    ended: Callable[[Built], None],
) -> list[Built]:
    """Build images in their order; whoever asks is told before and after each."""
    done = []
    for order in orders:
        started(order)
        done.append(build(builder, order))
        ended(done[-1])
    return done


def _run(command: list[str], standard_input: str | None, order: Order) -> None:
    done = subprocess.run(
        command,
        input=standard_input,
        stdin=subprocess.DEVNULL if standard_input is None else None,
        stdout=sys.stderr.fileno(),
        text=True,
        check=False,
    )
    if done.returncode != 0:
        verb = "push" if "push" in command[:3] else "build"
        raise BadInput(
            f"{command[0]} could not {verb} the image (exit code {done.returncode})",
            where=order.reference,
            fix="its own message is above",
        )
