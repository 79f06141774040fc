"""The container that runs a component: one image for each environment, one argument."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from kfp import dsl

from phasegate import __version__
from phasegate.images.context import observe_context
from phasegate.images.pins import Pins

DEFAULT_REGISTRY = "phasegate"
ROOT = Path(__file__).resolve().parents[1]


def image(environment: str) -> str:
    """Image of an environment: ``REGISTRY/ENVIRONMENT:VERSION``, or ``...@sha256:DIGEST``.

    The registry is ``PHASEGATE_REGISTRY`` at compile time. Where ``PHASEGATE_IMAGES`` names a file
    of digests, as ``phasegate images build --push`` writes it, the image is pinned by it.

    Raises:
        BadInput: when that file has no image of what the lock and the code are now.
    """
    if pins := os.environ.get("PHASEGATE_IMAGES"):
        return _pinned(environment, Path(pins).resolve())
    registry = os.environ.get("PHASEGATE_REGISTRY", DEFAULT_REGISTRY)
    return f"{registry}/{environment}:{__version__}"


@cache  # a pipeline asks for each of its steps, and each answer reads the whole of the code
def _pinned(environment: str, pins: Path) -> str:
    return Pins.load(pins).current(environment, observe_context(ROOT)).reference


def container(environment: str, module: str) -> dsl.ContainerSpec:
    """Run a component's module, which reads KFP's ExecutorInput from its one argument."""
    return dsl.ContainerSpec(
        image=image(environment),
        command=["python", "-m", module],
        args=["--executor-input", "{{$}}"],
    )
