"""The programs that build and push images, each as the commands that it takes.

Of them only buildx and buildah know secrets; only buildx attests what went in (provenance, SBOM).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from phasegate.errors import BadInput
from phasegate.images.recipe import without_mounts


@dataclass(frozen=True, slots=True)
class Order:
    """One image to build.

    Attributes:
        environment: whose lock is installed.
        repository: registry and name, such as ``registry.example.org/fraud/core``.
        tag: by which it is known besides its digest.
        context: folder that is built from.
        arguments: of the Dockerfile.
        secrets: id -> file, read by the build and kept nowhere.
        push: whether to push it.
        network: of the build's steps, or empty for the builder's own choice.
        cache: image in a registry that holds buildx's cache, or empty.
        sbom: whether to attach an SBOM where the builder can; it runs a scanner's image for that.
    """

    environment: str
    repository: str
    tag: str
    context: Path
    arguments: Mapping[str, str]
    secrets: Mapping[str, Path] = field(default_factory=dict)
    push: bool = False
    network: str = ""
    cache: str = ""
    sbom: bool = True

    @property
    def reference(self) -> str:
        """The image by its tag."""
        return f"{self.repository}:{self.tag}"

    def options(self) -> list[str]:
        """What every builder is told in the same words."""
        options = ["--tag", self.reference]
        for name, value in self.arguments.items():
            options += ["--build-arg", f"{name}={value}"]
        for name, path in self.secrets.items():
            options += ["--secret", f"id={name},src={path}"]
        if self.network:
            options += ["--network", self.network]
        return options


class Builder(Protocol):
    """A program that builds images."""

    name: str

    def commands(self, order: Order, scratch: Path) -> list[list[str]]:
        """What to run, in this order; files that tell the digest go into the scratch folder."""

    def recipe(self, dockerfile: str) -> str | None:
        """The Dockerfile for standard input, or None where the context's own is read."""

    def digest(self, order: Order, scratch: Path) -> str:
        """Digest of the pushed image in its registry; empty where the builder told none."""

    def size(self, order: Order) -> int | None:
        """Bytes of the image unpacked; None where the builder keeps no image or does not tell."""


@dataclass(frozen=True, slots=True)
class Buildx:
    """Docker's buildx, on whatever driver it is set to.

    Attributes:
        driver: ``docker`` builds in the daemon and attests nothing; the others are BuildKit.
    """

    driver: str

    @property
    def name(self) -> str:
        """Its name with its driver."""
        return f"docker buildx, driver {self.driver}"

    def commands(self, order: Order, scratch: Path) -> list[list[str]]:
        """Build and push in one."""
        command = ["docker", "buildx", "build", "--progress", "plain", *order.options()]
        command += ["--metadata-file", str(scratch / "metadata.json")]
        is_buildkit = self.driver != "docker"
        if order.push and is_buildkit:
            # Files get the commit's time, so that the same commit makes the same layers.
            command += ["--output", "type=registry,rewrite-timestamp=true"]
        else:
            command += ["--push" if order.push else "--load"]
        if order.push and is_buildkit:
            command += ["--provenance=mode=max", *(["--sbom=true"] if order.sbom else [])]
        else:
            command += ["--provenance=false"]
        if order.cache:
            command += ["--cache-from", f"type=registry,ref={order.cache}"]
            command += ["--cache-to", f"type=registry,ref={order.cache},mode=max"]
        return [[*command, str(order.context)]]

    def recipe(self, dockerfile: str) -> None:  # noqa: ARG002
        """BuildKit reads the Dockerfile as it stands."""
        return

    def digest(self, order: Order, scratch: Path) -> str:  # noqa: ARG002
        """From the file that buildx writes."""
        metadata = json.loads((scratch / "metadata.json").read_text(encoding="utf-8"))
        return str(metadata.get("containerimage.digest", ""))

    def size(self, order: Order) -> int | None:
        """Only an image that was loaded is unpacked anywhere."""
        return None if order.push and self.driver != "docker" else _docker_size(order)


@dataclass(frozen=True, slots=True)
class Classic:
    """Docker without buildx: its classic builder, which knows neither mounts nor secrets."""

    name: str = "docker, classic builder"

    def commands(self, order: Order, scratch: Path) -> list[list[str]]:  # noqa: ARG002
        """Build from a Dockerfile on standard input, then push."""
        if order.secrets:
            raise BadInput(
                "Docker's classic builder has no secrets",
                where=", ".join(order.secrets),
                fix="install docker buildx or buildah, or use --index-url without credentials",
            )
        build = ["env", "DOCKER_BUILDKIT=0", "docker", "build", "--file", "-", *order.options()]
        push = [["docker", "push", order.reference]] if order.push else []
        return [[*build, str(order.context)], *push]

    def recipe(self, dockerfile: str) -> str:
        """Without mounts."""
        return without_mounts(dockerfile)

    def digest(self, order: Order, scratch: Path) -> str:  # noqa: ARG002
        """From the engine, which knows it since the push."""
        known = json.loads(
            _ask(["docker", "image", "inspect", "--format", "{{json .RepoDigests}}"], order) or "[]"
        )
        prefix = f"{order.repository}@"
        return next((name.removeprefix(prefix) for name in known if name.startswith(prefix)), "")

    def size(self, order: Order) -> int | None:
        """As the engine tells it."""
        return _docker_size(order)


@dataclass(frozen=True, slots=True)
class Buildah:
    """buildah, or podman, which builds by it: no daemon, and no rights of root.

    Attributes:
        program: ``buildah`` or ``podman``.
    """

    program: str

    @property
    def name(self) -> str:
        """Its program's."""
        return self.program

    def commands(self, order: Order, scratch: Path) -> list[list[str]]:
        """Build, then push."""
        build = [self.program, "build", "--layers", "--format", "docker", *order.options()]
        push = [self.program, "push", "--digestfile", str(scratch / "digest"), order.reference]
        return [[*build, str(order.context)], *([push] if order.push else [])]

    def recipe(self, dockerfile: str) -> None:  # noqa: ARG002
        """It reads the Dockerfile as it stands."""
        return

    def digest(self, order: Order, scratch: Path) -> str:  # noqa: ARG002
        """From the file that the push writes."""
        path = scratch / "digest"
        return path.read_text(encoding="utf-8").strip() if path.exists() else ""

    def size(self, order: Order) -> int | None:
        """podman tells bytes, buildah does not."""
        if self.program != "podman":
            return None
        return _number(_ask(["podman", "image", "inspect", "--format", "{{.Size}}"], order))


def _docker_size(order: Order) -> int | None:
    return _number(_ask(["docker", "image", "inspect", "--format", "{{.Size}}"], order))


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def _ask(command: list[str], order: Order) -> str:
    done = subprocess.run(
        [*command, order.reference], capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout.strip() if done.returncode == 0 else ""
