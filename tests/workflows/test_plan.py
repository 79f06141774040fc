"""Plan, digest, approval and apply, by the workflow's own scripts and a real Terraform."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.workflows.reading import GITHUB, JOBS

SCRIPT = GITHUB / "actions" / "plan" / "plan.sh"
SECONDS = 120
# What needs no provider from a registry, and has a value that must not be shown.
MAIN = """
terraform {
  backend "local" {}
}
variable "text" { type = string }
variable "key" {
  type      = string
  sensitive = true
}
variable "images_file" {
  type    = string
  default = ""
}
locals {
  images = var.images_file == "" ? {} : jsondecode(file(var.images_file))
}
resource "terraform_data" "kept" { input = "kept" }
resource "terraform_data" "changed" { input = [var.text, local.images] }
resource "terraform_data" "locked" { triggers_replace = var.key }
output "text" { value = var.text }
"""


@dataclass(frozen=True)
class Runner:
    """A machine of GitHub's, as far as the scripts see it.

    Attributes:
        folder: the checkout, with one root, `tiny`.
    """

    folder: Path

    def plan(self, *, images: Path | None = None) -> dict[str, str]:
        """Outputs of the action."""
        output, summary = self.folder / "output", self.folder / "summary"
        output.write_text("")
        summary.write_text("")
        done = self.run(
            f'"{SCRIPT}"',
            ROOT="infra/terraform/tiny",
            ENVIRONMENT="dev",
            IMAGES=str(images or ""),
            CLUSTER="",
            LOCK="true",
            GITHUB_OUTPUT=str(output),
            GITHUB_STEP_SUMMARY=str(summary),
        )
        assert done.returncode == 0, done.stderr
        assert "hunter2" not in done.stdout + done.stderr + summary.read_text()
        return dict(line.split("=", 1) for line in output.read_text().splitlines())

    def run(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """A step's script, as GitHub runs it."""
        kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**kept, "RUNNER_TEMP": str(self.folder / "temp"), **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    def declare(self, text: str) -> None:
        """Values of the environment."""
        path = self.folder / "infra/terraform/environments/dev.tfvars"
        path.write_text(f'text = "{text}"\nkey = "hunter2"\n')


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    if not shutil.which("terraform"):
        pytest.skip("no terraform on the path")
    for name in ("infra/terraform/tiny", "infra/terraform/environments", "temp"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "infra/terraform/tiny/main.tf").write_text(MAIN)
    backend = tmp_path / "infra/terraform/environments/dev.gcs.tfbackend"
    backend.write_text('path = "../dev.tfstate"\n')
    made = Runner(tmp_path)
    made.declare("first")
    return made


def _step(name: str) -> str:
    (apply,) = (job for job in JOBS if str(job) == "terraform.apply")
    return next(step["run"] for step in apply.steps if step.get("name") == name)


def _hold(runner: Runner, planned: str, approved: str) -> int:
    step = _step("Hold it against what was approved")
    return runner.run(step, PLANNED=planned, APPROVED=approved).returncode


def _apply(runner: Runner, plan: str) -> None:
    done = runner.run(_step("Apply"), ROOT="tiny", PLAN=plan)
    assert done.returncode == 0, done.stderr


def test_what_was_approved_is_applied_and_then_nothing_is_left_to_do(runner: Runner) -> None:
    seen = runner.plan()
    assert seen["changes"] == "true"
    again = runner.plan()
    assert _hold(runner, again["digest"], seen["digest"]) == 0
    _apply(runner, again["plan"])
    assert runner.plan()["changes"] == "false"


def test_another_change_than_the_one_approved_is_refused(runner: Runner) -> None:
    seen = runner.plan()
    runner.declare("second")
    assert _hold(runner, runner.plan()["digest"], seen["digest"]) != 0


def test_a_cloud_that_changed_meanwhile_is_another_change(runner: Runner) -> None:
    _apply(runner, runner.plan()["plan"])
    runner.declare("second")
    seen = runner.plan()
    runner.declare("third")  # somebody else applies
    _apply(runner, runner.plan()["plan"])
    runner.declare("second")
    assert _hold(runner, runner.plan()["digest"], seen["digest"]) != 0


def test_images_come_by_their_digests(runner: Runner) -> None:
    pins = runner.folder / "images.json"
    pins.write_text(json.dumps({"core": {"digest": "sha256:" + "a" * 64}}))
    _apply(runner, runner.plan(images=pins)["plan"])
    assert f"sha256:{'a' * 64}" in (runner.folder / "infra/terraform/dev.tfstate").read_text()
    assert runner.plan(images=pins)["changes"] == "false"
    assert runner.plan()["changes"] == "true"


def test_values_of_one_root_alone_come_from_a_file_of_its_own(runner: Runner) -> None:
    own = runner.folder / "infra/terraform/environments/dev.tiny.tfvars"
    own.write_text('text = "of this root"\nkey = "hunter2"\n')
    runner.plan()
    assert "of this root" in (runner.folder / "summary").read_text()


def test_a_plan_that_fails_ends_the_step(runner: Runner) -> None:
    (runner.folder / "infra/terraform/environments/dev.tfvars").write_text("")
    done = runner.run(
        f'"{SCRIPT}"',
        ROOT="infra/terraform/tiny",
        ENVIRONMENT="dev",
        IMAGES="",
        CLUSTER="",
        LOCK="true",
        GITHUB_OUTPUT="output",
        GITHUB_STEP_SUMMARY="summary",
    )
    assert done.returncode == 1
    assert not (runner.folder / "output").exists()
