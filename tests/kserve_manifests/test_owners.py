"""The overlay and Phasegate write disjoint fields: each leaves alone what is the other's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from phasegate.traffic.plan import TrafficPlan
from tests.kserve_manifests.cluster import KINDS, NAME, NAMESPACE, PIPELINE, cluster_of, model
from tests.kserve_manifests.sources import MODES, of_mode
from tests.kubernetes.fake import FakeApi


def state(api: FakeApi) -> dict[str, Any]:
    """What a release depends on."""
    return {
        f"{kind}/{one['metadata']['name']}": {
            key: one.get(key) if key != "annotations" else one["metadata"].get("annotations")
            for key in ("annotations", "data", "spec")
        }
        for kind in KINDS
        for one in api.objects(kind, NAMESPACE)
    }


@pytest.mark.parametrize("mode", MODES)
def test_to_apply_the_overlay_again_in_a_release_changes_nothing(mode: str, tmp_path: Path) -> None:
    with cluster_of(mode, tmp_path) as (api, _, target):
        driver = target(PIPELINE)
        champion = driver.deploy(model(1))
        driver.apply(TrafficPlan(champion))
        challenger = driver.deploy(model(2))
        driver.apply(TrafficPlan(champion, challenger, weight=1000))
        before, shown = state(api), driver.observe()
        applied = 0
        for one in of_mode(mode):
            if one["kind"] in KINDS:
                one["metadata"]["namespace"] = NAMESPACE
                answer = api.client().apply(one)
                assert answer.status == 200, answer.text
                applied += 1
        assert applied >= 3
        assert state(api) == before
        after = driver.observe()
        assert (after.version, after.drift) == (shown.version, "")
        driver.kill()
        # Not even of one that was killed, whose weights are not its plan's.
        for one in of_mode(mode):
            if one["kind"] in KINDS:
                one["metadata"]["namespace"] = NAMESPACE
                assert api.client().apply(one).status == 200
        assert driver.observe().killed
        assert NAME in champion.address
