"""The container that runs a component: one image for each environment, one argument."""

from __future__ import annotations

import os

from kfp import dsl

from phasegate import __version__

DEFAULT_REGISTRY = "phasegate"


def image(environment: str) -> str:
    """Image of an environment: ``REGISTRY/ENVIRONMENT:VERSION``.

    The registry is ``PHASEGATE_REGISTRY`` at compile time.
    """
    registry = os.environ.get("PHASEGATE_REGISTRY", DEFAULT_REGISTRY)
    return f"{registry}/{environment}:{__version__}"


def container(environment: str, module: str) -> dsl.ContainerSpec:
    """Run a component's module, which reads KFP's ExecutorInput from its one argument."""
    return dsl.ContainerSpec(
        image=image(environment),
        command=["python", "-m", module],
        args=["--executor-input", "{{$}}"],
    )
