"""Roles allow what the traffic targets do, and nothing that they never do."""

from __future__ import annotations

from pathlib import Path

import pytest

from phasegate.errors import BadInput
from phasegate.kubernetes.cluster import connect
from phasegate.traffic.kserve.serverless.replayed import NOTHING, write_replayed
from phasegate.traffic.plan import TrafficPlan
from tests.kserve_manifests.cluster import (
    GUARD,
    NAME,
    NAMESPACE,
    PIPELINE,
    cluster_of,
    model,
)
from tests.kserve_manifests.sources import (
    FOLDER,
    MODES,
    Object,
    documents,
    of_kind,
    of_mode,
    only,
)
from tests.kubernetes.fake.requests import Call

Asked = tuple[str, str, str, str]  # API group, resource, verb, name


def asked(calls: list[Call], user: str) -> set[Asked]:
    """What a user asked for; a list or watch of one object counts as one of that name.

    Who waits for an object lists it, and watches it unless it is as wanted by then. Which of the
    two a test sees is a matter of time, and both need the permission: a list of one object counts
    as a watch as well.
    """
    found = set()
    for one in calls:
        if one.user == user and one.resource is not None:
            selected = one.query.get("fieldSelector", "")
            name = one.name or selected.removeprefix("metadata.name=")
            verbs = (one.verb, "watch") if one.verb == "list" and selected else (one.verb,)
            found |= {(one.resource.group, one.resource.plural, verb, name) for verb in verbs}
    return found


def granted(role: Object) -> list[tuple[str, str, str, list[str]]]:
    """API group, resource, verb and names (any, if none) that a role allows."""
    return [
        (group, resource, verb, rule.get("resourceNames", []))
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]


def refused(role: Object, wants: set[Asked]) -> set[Asked]:
    return {
        (group, resource, verb, name)
        for group, resource, verb, name in wants
        if not any(
            one[:3] == (group, resource, verb) and (not one[3] or name in one[3])
            for one in granted(role)
        )
    }


def unused(role: Object, wants: set[Asked]) -> set[tuple[str, str, str]]:
    return {one[:3] for one in granted(role)} - {one[:3] for one in wants}


@pytest.mark.parametrize("mode", MODES)
def test_roles_are_what_a_release_needs_and_no_more(mode: str, tmp_path: Path) -> None:
    with cluster_of(mode, tmp_path) as (api, controllers, target):
        pipeline, guard = target(PIPELINE), target(GUARD)
        champion = pipeline.deploy(model(1))
        pipeline.apply(TrafficPlan(champion))
        plan = TrafficPlan(champion, pipeline.deploy(model(2)), weight=1000)
        pipeline.apply(plan)
        pipeline.observe()
        if mode == "serverless":
            cluster = connect(tmp_path / PIPELINE)
            write_replayed(cluster, NAMESPACE, NAME, model(1).slot, model(2).slot, NOTHING)
        for rolls_back in (guard.kill, lambda: guard.apply(TrafficPlan(champion).kill())):
            guard.observe()
            rolls_back()
        guard.revive()
        guard.backend(champion.name)
        if mode == "gateway":
            pipeline.withdraw(model(2).slot)
        # One that does not become ready, which somebody will want to know the reason of.
        controllers.never(f"{NAME}-b" if mode == "gateway" else NAME)
        with pytest.raises(BadInput):
            target(PIPELINE, ready_seconds=2.0).deploy(model(3))
        calls = list(api.calls)
    objects = of_mode(mode)
    for user in (GUARD, PIPELINE):
        wants = asked(calls, user)
        assert wants
        role = only(objects, "Role", user)
        assert refused(role, wants) == set()
        assert unused(role, wants) == set()


@pytest.mark.parametrize("mode", MODES)
def test_nobody_may_delete_make_or_read_secrets(mode: str) -> None:
    objects = of_mode(mode)
    assert not of_kind(objects, "ClusterRole")
    for role in of_kind(objects, "Role"):
        for group, resource, verb, names in granted(role):
            assert "*" not in (group, resource, verb)
            assert resource != "secrets"
            assert verb in ("get", "list", "patch", "watch")
            assert verb != "patch" or names


@pytest.mark.parametrize("mode", MODES)
def test_a_role_is_bound_to_the_account_of_its_name(mode: str) -> None:
    objects = of_mode(mode)
    for name, namespace in ((GUARD, None), (PIPELINE, "kubeflow")):
        binding = only(objects, "RoleBinding", name)
        assert binding["roleRef"]["name"] == name
        (subject,) = binding["subjects"]
        assert (subject["name"], subject.get("namespace")) == (name, namespace)
    assert only(objects, "ServiceAccount", GUARD)
    account = FOLDER / "optional" / "pipelines" / "service_account.yaml"
    assert documents(account)[0]["metadata"]["name"] == PIPELINE
