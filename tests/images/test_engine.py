"""An image as it is built and run; skipped where no engine answers."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from phasegate.images.build import arguments, build
from phasegate.images.builders import Order
from phasegate.images.choice import choose_builder, engine_answers
from phasegate.images.context import observe_context

ROOT = Path(__file__).resolve().parents[2]
NAME = "phasegate-test/sidecar"
# As Kubernetes runs it under the restricted Pod Security Standard, and without a network.
RESTRICTED = (
    "--rm", "--read-only", "--tmpfs", "/tmp:mode=1777", "--network", "none",
    "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
)  # fmt: skip


def _base() -> str:
    """The base to build on: PHASEGATE_TEST_BASE_IMAGE, or the Dockerfile's if it is there."""
    if named := os.environ.get("PHASEGATE_TEST_BASE_IMAGE"):
        return named
    declared = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    base = declared.split("ARG BASE_IMAGE=", 1)[1].split()[0]
    known = subprocess.run(
        ["docker", "image", "inspect", base], capture_output=True, check=False, timeout=60
    )
    if known.returncode != 0:
        pytest.skip(f"the engine has no {base}: docker pull it, or set PHASEGATE_TEST_BASE_IMAGE")
    return base


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """The smallest image, built from its lock by the builder of this machine."""
    if not engine_answers():
        pytest.skip("no container engine answers: docker info fails")
    builder, base = choose_builder(), _base()
    order = Order(
        environment="sidecar",
        repository=NAME,
        tag="test",
        context=ROOT,
        arguments=arguments(observe_context(ROOT), "sidecar", f"{NAME}:test", base),
        network=os.environ.get("PHASEGATE_TEST_BUILD_NETWORK", ""),
    )
    build(builder, order)
    yield order.reference
    subprocess.run(["docker", "image", "rm", order.reference], check=False, capture_output=True)


def _run(image: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", "run", *RESTRICTED, image, *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_labels_say_commit_and_lock(image: str) -> None:
    text = subprocess.run(
        ["docker", "image", "inspect", image], capture_output=True, text=True, check=True
    ).stdout
    (inspected,) = json.loads(text)
    labels = inspected["Config"]["Labels"]
    context = observe_context(ROOT)
    assert labels["dev.phasegate.lock.digest"] == f"sha256:{context.lock_digest('sidecar')}"
    assert len(labels["org.opencontainers.image.revision"].partition("+")[0]) == 40
    assert not inspected["Config"].get("Entrypoint")


def test_nobody_in_it_is_root_and_nothing_makes_one(image: str) -> None:
    assert _run(image, "id", "-u").stdout == "65532\n"
    assert _run(image, "find", "/", "-xdev", "-perm", "/6000", "-type", "f").stdout == ""


def test_there_is_no_compiler_and_no_installer(image: str) -> None:
    for program in ("cc", "gcc", "g++", "uv", "pip", "pip3"):
        assert _run(image, "sh", "-c", f"command -v {program}").stdout == ""
    for module in ("pip", "ensurepip", "setuptools"):
        assert "No module named" in _run(image, "python", "-c", f"import {module}").stderr


def test_it_runs_on_a_read_only_root_with_the_command_that_it_is_given(image: str) -> None:
    answer = _run(image, "python", "-m", "phasegate.sidecar", "--help")
    assert answer.returncode == 0, answer.stderr
    assert "--spool" in answer.stdout
    assert _run(image, "sh", "-c", "echo > /opt/phasegate/x").returncode != 0
    assert _run(image).stdout.startswith("Python 3.11")


def test_the_bytecode_of_libraries_and_code_is_in_it(image: str) -> None:
    code = (
        "import phasegate.errors as a, pyarrow as b, os;"
        "print(*[os.path.exists(m.__cached__) for m in (a, b)])"
    )
    assert _run(image, "python", "-c", code).stdout == "True True\n"
