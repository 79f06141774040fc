"""Images, commands, and packages that are installed while a task runs."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Iterator

from phasegate.linting.node import Node
from phasegate.manifests.rules.containers import is_floating
from phasegate.pipeline_lint.pipeline import Executor, Pipeline, Problem
from phasegate.pipeline_lint.rules.registry import WARNING, Problems, rule
from phasegate.pipeline_lint.values import PLACEHOLDER

_PYTHON = re.compile(r"(?:.*/)?python:(\d+(?:\.\d+)?)(?![\d.])")
_INSTALL = re.compile(r"\bpip3?\s+install\b([^\n]*)")
_PINNED = re.compile(r"===?\s*[^*,;\s]+\s*(?:;.*)?$")
# What the SDK itself installs beside the packages that the author names.
_SDK = re.compile(r"(?:kfp|typing[-_]extensions)\b")
_WITH_VALUE = frozenset(
    {"--index-url", "-i", "--extra-index-url", "--trusted-host", "--find-links", "-f", "--target"}
    | {"-t", "--constraint", "-c", "--cache-dir", "--timeout", "--retries"}
)
_FROM_FILE = frozenset({"--requirement", "-r"})
_LONGEST = 20_000


@rule(
    "PGP601",
    "floating-image",
    WARNING,
    why="The tag moves: two runs of one pipeline run different code. KFP's cache compares the "
    "name alone, so it also takes results of code that is gone.",
    fix="Pin the image by digest (@sha256:...), or at least by a version that is pushed once.",
)
def floating_image(pipeline: Pipeline) -> Problems:
    """An image has no tag, or one that moves, such as latest."""
    for executor, container in pipeline.containers:
        image = container.at("image")
        if image is not None and isinstance(image.value, str) and is_floating(image.value):
            yield Problem(image, str(executor), f"image {image.value} is not pinned")


@rule(
    "PGP602",
    "unpinned-python",
    WARNING,
    why="The default base image python:3.11 is another one each month: the next patch of Python "
    "or of its system libraries comes into a pipeline that nobody has changed.",
    fix="Set base_image to an image of yours, a patch version, or a digest.",
)
def unpinned_python(pipeline: Pipeline) -> Problems:
    """A Python function runs in an image of Python without a patch version."""
    for executor, container in pipeline.containers:
        image = container.at("image")
        if (
            image is not None
            and isinstance(image.value, str)
            and "@" not in image.value
            and _PYTHON.match(image.value)
            and _is_function(executor)
        ):
            yield Problem(image, str(executor), f"base image {image.value} moves")


def _is_function(executor: Executor) -> bool:
    return any(node.value == "--function_to_execute" for node in executor.words)


@rule(
    "PGP603",
    "no-command",
    WARNING,
    why="On a cluster KFP's launcher takes the first argument for the program, and the image's "
    "ENTRYPOINT never runs; kfp.local with Docker runs the ENTRYPOINT with all arguments.",
    fix="Say the command in the component; leave ENTRYPOINT out of the image.",
)
def no_command(pipeline: Pipeline) -> Problems:
    """A container has no command, and depends on the image's ENTRYPOINT."""
    for executor, container in pipeline.containers:
        if next(container.items("command"), None) is None:
            yield Problem(image_or(container), str(executor), "it has no command")


@rule(
    "PGP604",
    "unpinned-packages",
    WARNING,
    why="Packages are installed each time the task runs: tomorrow's release comes in unasked, and "
    "a registry that is down fails the run.",
    fix="Pin them (name==1.2.3), or better, install them into the image.",
)
def unpinned_packages(pipeline: Pipeline) -> Problems:
    """A task installs packages while it runs, without saying in which version."""
    for executor, _ in pipeline.containers:
        for node in executor.words:
            if isinstance(node.value, str) and "install" in node.value:
                loose = _unpinned(node.value[:_LONGEST])
                if loose:
                    yield Problem(node, str(executor), f"it installs {', '.join(loose[:5])}")
                    break


@functools.lru_cache(maxsize=64)
def _unpinned(script: str) -> tuple[str, ...]:
    """Packages that a script installs in any version; the SDK writes one script for many tasks."""
    return tuple(dict.fromkeys(_installed_loosely(script)))


def _installed_loosely(script: str) -> Iterator[str]:
    for match in _INSTALL.finditer(script):
        words = _words(match[1])
        skip = False
        for word in words:
            if skip or word in _WITH_VALUE | _FROM_FILE or word.startswith("-"):
                skip = word in _WITH_VALUE | _FROM_FILE
                continue
            if _SDK.match(word) or PLACEHOLDER in word or "$" in word or _is_place(word):
                continue
            if not _PINNED.search(word):
                yield word


def _words(text: str) -> list[str]:
    """Words of a shell command, up to what ends it."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    try:
        for word in lexer:
            if word and not word.strip("();<>|&"):
                break
            words.append(word)
    except ValueError:  # a quote that is closed on another line
        pass
    return words


def _is_place(word: str) -> bool:
    """Whether it is a file, a folder, or an address that names a commit or a wheel."""
    return "/" in word.split("@", maxsplit=1)[0] or word in (".", "'", '"') or "://" in word


def image_or(container: Node) -> Node:
    """Where a container says its image, or where it begins."""
    return container.at("image") or container
