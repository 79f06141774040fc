"""The steps that Terraform itself makes: format, validate, test."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.lint.runner.step import REPOSITORY, Outcome, call, failed, not_run, passed

PROBE_S = 600
"""For the download of all providers; without a network the answer comes at once."""
ONE_S = 600
AT_ONCE = 2
"""Each holds a provider of half a gigabyte in memory."""

_IMPATIENT = {"TF_REGISTRY_CLIENT_TIMEOUT": "10", "TF_REGISTRY_DISCOVERY_RETRY": "0"}
_QUIET = {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
_DULL = re.compile(r"\.\.\. (pass|skip|in progress|tearing down)\s*\Z")
_NO_TERRAFORM = "terraform is not on PATH"


def format_check(tree: Path) -> Outcome:
    """``terraform fmt -check``; needs no provider."""
    if not shutil.which("terraform"):
        return not_run(_NO_TERRAFORM)
    code, output = call(
        ["terraform", "fmt", "-check", "-recursive", "-diff", "-no-color", str(tree)],
        environment=_QUIET,
    )
    if code == 0:
        return passed("as terraform fmt writes it")
    return failed("terraform fmt -recursive infra/terraform", output)


class Providers:
    """A copy of the tree with providers that are installed once, if they can be.

    Args:
        tree: that is checked; nothing is written into it.
    """

    def __init__(self, tree: Path) -> None:
        self._tree = tree
        self._open = contextlib.ExitStack()
        self._why_not: str | None = None
        self._ready = False
        self.copy = Path()
        self._environment: dict[str, str] = {}

    def close(self) -> None:
        """Remove the copy."""
        self._open.close()

    def why_not(self) -> str | None:
        """Why the providers cannot be installed; None when they are."""
        if not self._ready:
            self._ready = True
            self._why_not = self._install()
        return self._why_not

    def _install(self) -> str | None:
        if not shutil.which("terraform"):
            return _NO_TERRAFORM
        try:
            from infra.lint.modules import read_tree
            from infra.lint.schema.used import exact_pins

            pins = exact_pins(read_tree(self._tree))
        except ImportError as error:
            return f"{error.name} is not installed; make lint-infra builds its environment"
        place = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="lint-infra-")))
        self.copy = _copied(self._tree, place / "repository")
        probe = place / "probe"
        probe.mkdir()
        wanted = {
            source.replace("/", "-"): {"source": source, "version": f"= {version}"}
            for source, version in pins.items()
        }
        (probe / "main.tf.json").write_text(
            json.dumps({"terraform": {"required_providers": wanted}})
        )
        code, output = call(
            ["terraform", "init", "-backend=false", "-input=false", "-no-color"],
            place=probe,
            seconds=PROBE_S,
            environment={**_IMPATIENT, **_QUIET},
        )
        if code != 0:
            return f"providers cannot be installed: {_reason(output)}"
        # What is installed is a mirror itself: every folder then takes its providers from it.
        settings = place / "mirror.tfrc"
        mirror = json.dumps(str(probe / ".terraform" / "providers"))
        settings.write_text(
            f"provider_installation {{\n  filesystem_mirror {{\n    path = {mirror}\n  }}\n}}\n"
        )
        self._environment = {"TF_CLI_CONFIG_FILE": str(settings), **_QUIET}
        return None

    def validate(self) -> Outcome:
        """``terraform validate`` of each root and example, and with an example of its module."""
        if why := self.why_not():
            return not_run(why)
        folders = {path.parent for path in self.copy.rglob("*.tf") if _counts(path)}
        shown = [one for one in folders if not (one / "examples" / "basic" / "main.tf").is_file()]
        return self._each(sorted(shown), ["terraform", "validate", "-no-color"], "folders")

    def test(self) -> Outcome:
        """``terraform test`` of each folder that has tests; they mock the cloud."""
        if why := self.why_not():
            return not_run(why)
        folders = sorted({path.parent.parent for path in self.copy.rglob("tests/*.tftest.hcl")})
        return self._each(folders, ["terraform", "test", "-no-color"], "folders with tests")

    def _each(self, folders: list[Path], command: list[str], noun: str) -> Outcome:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            done = list(pool.map(lambda folder: self.one(folder, command), folders))
        bad = [
            (folder, output) for folder, (code, output) in zip(folders, done, strict=True) if code
        ]
        if not bad:
            return passed(f"{len(folders)} {noun}")
        shown = "\n\n".join(f"{self._named(folder)}:\n{_short(output)}" for folder, output in bad)
        return failed(f"{len(bad)} of {len(folders)} {noun}", shown)

    def one(self, folder: Path, command: list[str]) -> tuple[int, str]:
        """Exit code and output of a command in a folder of the copy, which is initialised."""
        if not (folder / ".terraform").is_dir():
            code, output = call(
                ["terraform", "init", "-backend=false", "-input=false", "-no-color"],
                place=folder,
                seconds=ONE_S,
                environment=self._environment,
            )
            if code != 0:
                return code, output
        return call(command, place=folder, seconds=ONE_S, environment=self._environment)

    def _named(self, folder: Path) -> str:
        return str(Path("infra/terraform") / folder.relative_to(self.copy))


def _copied(tree: Path, place: Path) -> Path:
    """A copy of the tree; what it reads beside itself is where it looks for it."""
    (place / "infra").mkdir(parents=True)
    for folder, but in ((REPOSITORY, "infra"), (REPOSITORY / "infra", "terraform")):
        for path in folder.iterdir():
            if path.name != but and not path.name.startswith("."):
                (place / path.relative_to(REPOSITORY)).symlink_to(path)
    copy = place / "infra" / "terraform"
    left_out = shutil.ignore_patterns(".terraform", ".terraform.lock.hcl", "*.tfstate*")
    shutil.copytree(tree, copy, ignore=left_out)
    return copy


def _counts(path: Path) -> bool:
    return ".terraform" not in path.parts and "tests" not in path.parts


def _short(output: str) -> str:
    """What Terraform says without the runs that passed, or were left out."""
    return "\n".join(line for line in output.splitlines() if not _DULL.search(line))


def _reason(output: str) -> str:
    """The part of Terraform's message that says what is the matter."""
    text = " ".join(output.split()).partition(" To see which modules")[0]
    for mark in ("lookup ", "dial tcp", "could not connect", "Error: "):
        if mark in text:
            return text[text.index(mark) :][:120]
    return text[-120:] or "no message"


@contextlib.contextmanager
def providers(tree: Path) -> Iterator[Providers]:
    """Providers for the steps of one run."""
    made = Providers(tree)
    try:
        yield made
    finally:
        made.close()
