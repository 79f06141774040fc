"""Entrypoint of `deploy_shadow`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from components.deploy_shadow.judging import judgement_of, nothing_to_deploy
from components.deploy_shadow.serving import Serving
from phasegate.clock import now
from phasegate.contracts import Execution, Judgement, RegisteredModel, execution
from phasegate.errors import BadInput, Unavailable
from phasegate.release.drivers.addressed import addressed_world
from phasegate.release.drivers.choosing import NothingToDeploy, chosen_version, next_version
from phasegate.release.drivers.deploying import deploy_shadow
from phasegate.release.policy import Policy
from phasegate.release.record import ModelVersion
from phasegate.traffic.addresses import parse_address

NAME = "deploy_shadow"


def main() -> None:
    """Choose the version, serve it, start its release, and say what was looked at."""
    with execution(NAME) as step, tempfile.TemporaryDirectory() as scratch:
        address = parse_address(step.parameter("target"), where=f"{NAME}: target")
        if not address.is_cluster:
            raise BadInput(
                "beside an Envoy there is nothing to deploy to",
                where=f"{NAME}: target {address}",
                expected="kserve-gateway:NAMESPACE/NAME or kserve-serverless:NAMESPACE/NAME",
                fix="start servers by phasegate serve, and the release by component release_step",
            )
        world = addressed_world(
            step.parameter("name"), store=step.parameter("store"), target=str(address),
            flags=step.parameter("flags"), scratch=Path(scratch), actor="pipeline", where=NAME,
            policy=Policy.from_json(step.json("policy"), f"{NAME}: policy"),
        )  # fmt: skip
        wanted = _registered(step)
        reference = step.parameter("version", "") or (wanted.reference if wanted else "")
        if reference:
            version = chosen_version(world, reference, wanted.digest if wanted else "")
        else:
            due = next_version(world)
            if isinstance(due, NothingToDeploy):
                _end(step, nothing_to_deploy(due), due.version, due.release)
                return
            version = due
        reason = step.parameter("reason", "") or f"{version.reference} is to be released"

        serving = Serving(world, step.parameter("models"), Path(scratch), step.progress)
        done = deploy_shadow(world, version, serving.deploy, now(), reason)

        judgement = judgement_of(version, done, serving)
        if done.look.problems:
            print(f"{judgement.outcome}: {judgement.checks[-1].reason}", flush=True)
            raise Unavailable("; ".join(done.look.problems), where=f"{NAME}: {world.model}")
        entry = done.look.entry
        _end(step, judgement, version, entry.record.release if entry is not None else "")


def _end(step: Execution, judgement: Judgement, version: ModelVersion | None, release: str) -> None:
    """Say what it came to."""
    print(f"{judgement.outcome}: {judgement.checks[-1].reason}", flush=True)
    step.write_verdict("verdict", judgement)
    step.result("slot", version.slot if version is not None else "")
    step.result("release", release)
    step.result("outcome", judgement.outcome)


def _registered(step: Execution) -> ModelVersion | None:
    """What the artifact names; None where none is connected."""
    found = step.read_optional("model", RegisteredModel)
    if found is None:
        return None
    return ModelVersion(f"{found.name}/{found.version}", found.model_digest)


if __name__ == "__main__":
    main()
