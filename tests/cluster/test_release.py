"""A whole release on a real API server, whose driver is killed over and over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from phasegate.errors import BadInput
from tests.cluster.conftest import Installation, installed
from tests.cluster.driver import GIVEN, PROMOTED, ROLLED_BACK, carry_out, with_deaths
from tests.cluster.looking import answers, look, versions, wanted
from tests.kubernetes.real import RealApi
from tests.waiting import until


@pytest.fixture(params=["gateway", "serverless"])
def installation(
    request: pytest.FixtureRequest, real_api: RealApi, tmp_path: Path
) -> Iterator[Installation]:
    if not real_api.bare and len(GIVEN) < 3:
        pytest.skip("pods of this cluster need real models: set PHASEGATE_TEST_MODELS to three")
    with installed(real_api, request.param, "dev", tmp_path) as found:
        yield found


def test_a_release_goes_all_the_way_and_the_next_one_back(installation: Installation) -> None:
    others = versions(installation)
    deaths, before = 0, None
    for step in PROMOTED + ROLLED_BACK:
        for _ in with_deaths(installation.site, step):
            deaths += 1
            if before is not None:
                assert answers(installation) in (wanted(before), wanted(step))
        look(installation, step, others)
        carry_out(installation.site, step)
        look(installation, step, others)
        before = step
    assert deaths > 3 * len(PROMOTED + ROLLED_BACK)


def test_the_overlay_can_be_applied_again_in_the_middle(installation: Installation) -> None:
    others = versions(installation)
    for step in PROMOTED[:3]:
        carry_out(installation.site, step)
    installation.overlay.apply(installation.api.kubeconfig)
    look(installation, PROMOTED[2], others)


def test_a_kill_leaves_the_champion_alone_until_it_ends(installation: Installation) -> None:
    others = versions(installation)
    canary = PROMOTED[2]
    for step in (*PROMOTED[:2], canary):
        carry_out(installation.site, step)
    target = installation.site.target()
    target.kill()
    until(lambda: answers(installation) == wanted(PROMOTED[0]))
    state = target.observe()
    assert (state.champion.share, state.killed) == (10_000, True)
    carry_out(installation.site, replace(canary, weight=2500))
    assert installation.site.target().observe().champion.share == 10_000
    carry_out(installation.site, canary)
    target.revive()
    until(lambda: target.observe().champion.share == 10_000 - canary.weight)
    look(installation, canary, others)


def test_a_change_by_hand_is_reported_and_put_right(installation: Installation) -> None:
    others = versions(installation)
    canary = PROMOTED[2]
    for step in (*PROMOTED[:2], canary):
        carry_out(installation.site, step)
    client, site = installation.client, installation.site
    if site.mode == "gateway":
        route = client.get("HTTPRoute", site.namespace, site.name)
        assert route is not None
        rules = route["spec"]["rules"]
        for rule in rules:
            for number, backend in enumerate(rule["backendRefs"]):
                backend["weight"] = 60 if number else 40
        client.merge(
            "HTTPRoute", site.namespace, site.name, {"spec": {"rules": rules}}, "kubectl-edit"
        ).ok()
    else:
        patch = {"spec": {"predictor": {"canaryTrafficPercent": 60}}}
        client.merge("InferenceService", site.namespace, site.name, patch, "kubectl-edit").ok()
    state = until(lambda: (found := site.target().observe()).drift and found)
    assert "kubectl-edit" in state.drift
    carry_out(site, canary)
    look(installation, canary, others)


def test_the_pipeline_s_account_can_do_this_and_no_more(installation: Installation) -> None:
    from phasegate.kubernetes.cluster import connect
    from phasegate.kubernetes.kinds import DEPLOYMENT, HTTP_ROUTE, Kind

    cluster, site = connect(installation.site.kubeconfig), installation.site
    with pytest.raises(BadInput, match="not allowed to delete inferenceservices"):
        cluster.delete(
            Kind("serving.kserve.io", "v1beta1", "inferenceservices", "InferenceService"),
            site.namespace,
            site.name,
        )
    for kind in (DEPLOYMENT, Kind("", "v1", "secrets", "Secret")):
        with pytest.raises(BadInput, match=f"not allowed to list {kind.plural}"):
            cluster.list(kind, site.namespace)
    with pytest.raises(BadInput, match="not allowed to get httproutes"):
        cluster.get(HTTP_ROUTE, "default", site.name)
