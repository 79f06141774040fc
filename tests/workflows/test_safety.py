"""What workflows may do: pinned actions, least permissions, no secrets, one apply at a time."""

from __future__ import annotations

import re

import pytest

from tests.workflows.reading import ACTIONS, FILES, GITHUB, JOBS, ROOT, WORKFLOWS, File, Job

USES = re.compile(r"^\s*(?:- )?uses: (\S+)(?: # (\S+))?$", re.MULTILINE)
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
VERSION = re.compile(r"v\d+\.\d+\.\d+")
# What a job may do besides reading the repository; each is one decision.
WRITES = {
    "checks.pipelines": {"security-events"},
    "checks.manifests": {"security-events"},
    "deploy.checks": {"security-events"},
    "deploy.cloud": {"id-token"},
    "deploy.images": {"id-token", "attestations"},
    "deploy.platform": {"id-token"},
    "deploy.pipelines": {"id-token"},
    "images.build": {"id-token", "attestations"},
    "nightly.edited": {"id-token"},
    "pipelines.schedule": {"id-token"},
    "plan.plan": {"id-token"},
    "terraform.plan": {"id-token"},
    "terraform.apply": {"id-token"},
}
READS = {"plan.plan": {"actions"}}
ENVIRONMENTS = {"terraform.apply": "production", "pipelines.schedule": "pipelines"}
ACCOUNTS = {
    "images.build": "GCP_IMAGES_ACCOUNT",
    "nightly.edited": "GCP_PLAN_ACCOUNT",
    "pipelines.schedule": "GCP_SUBMIT_ACCOUNT",
    "plan.plan": "GCP_PLAN_ACCOUNT",
    "terraform.plan": "GCP_PLAN_ACCOUNT",
    "terraform.apply": "GCP_APPLY_ACCOUNT",
}


def test_there_is_something_to_check() -> None:
    assert len(WORKFLOWS) == 7
    assert len(ACTIONS) == 3
    assert not list(GITHUB.rglob("workflows/*.yml")), "one ending for all"


def test_actions_are_pinned_by_sha_with_their_version_and_each_once() -> None:
    pins: dict[str, set[tuple[str, str]]] = {}
    for file in FILES:
        found = USES.findall(file.text)
        assert len(found) == file.text.count("uses:"), f"{file}: a uses that is not understood"
        for used, version in found:
            if used.startswith("./"):
                place = ROOT / used
                assert (place if place.suffix else place / "action.yaml").is_file(), (file, used)
                continue
            assert PINNED.fullmatch(used), f"{file}: {used} is not pinned by a commit"
            assert VERSION.fullmatch(version), f"{file}: {used} does not say its version"
            pins.setdefault(used.partition("@")[0], set()).add((used, version))
    assert {name for name, each in pins.items() if len(each) > 1} == set()


@pytest.mark.parametrize("file", WORKFLOWS, ids=str)
def test_a_workflow_as_such_may_do_nothing(file: File) -> None:
    assert file.document["permissions"] == {}


@pytest.mark.parametrize("job", JOBS, ids=str)
def test_a_job_may_do_what_it_needs(job: Job) -> None:
    given = job.fields["permissions"]
    writes = {scope for scope, access in given.items() if access == "write"}
    assert writes == WRITES.get(str(job), set())
    reads = {scope for scope, access in given.items() if access == "read"}
    assert reads == {"contents"} | READS.get(str(job), set())
    assert writes | reads == set(given)


def test_every_exception_is_of_a_job() -> None:
    known = {str(job) for job in JOBS}
    assert {*WRITES, *READS, *ENVIRONMENTS, *ACCOUNTS} <= known


@pytest.mark.parametrize("job", [job for job in JOBS if job.steps], ids=str)
def test_a_job_ends_runs_on_a_named_system_and_keeps_no_token(job: Job) -> None:
    assert 0 < job.fields["timeout-minutes"] <= 360
    assert job.fields["runs-on"] == "ubuntu-24.04"
    checkouts = [step for step in job.steps if "actions/checkout@" in step.get("uses", "")]
    assert checkouts == job.steps[:1]
    assert checkouts[0]["with"] == {"persist-credentials": False}


@pytest.mark.parametrize("file", FILES, ids=str)
def test_no_secret_is_read_and_no_text_of_others_becomes_a_command(file: File) -> None:
    assert "secrets." not in file.text
    assert "secrets:" not in file.text
    for step in file.steps:
        assert "${{" not in step.get("run", ""), step
    for trigger in ("pull_request_target", "workflow_run", "issue_comment"):
        assert trigger not in file.document.get("on", {})


@pytest.mark.parametrize("job", [job for job in JOBS if job.steps], ids=str)
def test_who_reaches_the_cloud_is_the_account_of_that_job(job: Job) -> None:
    text = str(job.fields)
    accounts = set(re.findall(r"vars\.(GCP_\w+_ACCOUNT)", text))
    assert accounts == ({ACCOUNTS[str(job)]} if str(job) in ACCOUNTS else set())
    assert job.fields.get("environment") == ENVIRONMENTS.get(str(job))


@pytest.mark.parametrize("name", ["plan.plan", "deploy.cloud", "nightly.edited"])
def test_without_a_cloud_nothing_is_tried(name: str) -> None:
    (job,) = (job for job in JOBS if str(job) == name)
    assert "vars.GCP_WORKLOAD_IDENTITY_PROVIDER != ''" in job.fields["if"]


def test_forks_are_given_no_identity() -> None:
    for file in WORKFLOWS:
        if "pull_request" not in file.document["on"]:
            continue
        for job in file.jobs:
            if "id-token" in job.fields["permissions"]:
                assert "head.repo.full_name == github.repository" in job.fields["if"], str(job)


def test_main_alone_is_deployed() -> None:
    (deploy,) = (file for file in WORKFLOWS if file.path.stem == "deploy")
    assert deploy.document["on"]["push"] == {"branches": ["main"]}
    first = next(job for job in deploy.jobs if job.name == "cloud")
    assert "github.ref == 'refs/heads/main'" in first.fields["if"]
    order = {job.name: job.fields.get("needs") for job in deploy.jobs}
    assert order == {
        "checks": None,
        "cloud": "checks",
        "images": "cloud",
        "platform": "images",
        "pipelines": "platform",
    }


def test_two_applies_never_run_at_once_and_none_is_stopped() -> None:
    workflows = {file.path.stem: file.document for file in WORKFLOWS}
    jobs = {str(job): job.fields for job in JOBS}
    for group in (
        workflows["deploy"]["concurrency"],
        jobs["terraform.apply"]["concurrency"],
        jobs["pipelines.schedule"]["concurrency"],
    ):
        assert group["cancel-in-progress"] is False
        assert "${{" not in group["group"], "the same for all runs"


def test_what_is_applied_was_compared_with_what_was_approved() -> None:
    (apply,) = (job for job in JOBS if str(job) == "terraform.apply")
    names = [step.get("name", step.get("id")) for step in apply.steps]
    assert names[-3:] == ["plan", "Hold it against what was approved", "Apply"]
    assert apply.steps[-2]["env"]["APPROVED"] == "${{ needs.plan.outputs.digest }}"
    assert not any("if" in step or step.get("continue-on-error") for step in apply.steps[-3:])
