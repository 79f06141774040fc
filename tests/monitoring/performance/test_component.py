"""The component over a real log: what is measured, what was estimated, what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest

from components.measure_performance.__main__ import main
from phasegate.contracts import ObservedWindow
from phasegate.digests import canonical_json
from phasegate.monitoring.observed import FILE
from phasegate.monitoring.profile import Profile
from phasegate.store.named import open_named
from tests.monitoring.performance.samples import DIGEST, profile_of
from tests.monitoring.performance.world import DAY, ORIGIN, OTHER, UNTIL, World, expected, labels_of


@pytest.mark.parametrize("metric", ["precision", "recall", "accuracy"])
def test_each_window_is_measured_by_the_labels_that_have_matured(world, look, metric):
    found, page = look(labels_of(world.write_labels(world.all_labels())), metric=metric)
    assert [one.model_digest for one in found.windows] == [OTHER, *[DIGEST] * 4]
    assert [(one.since - ORIGIN) / DAY for one in found.windows] == [0, 7, 14, 21, 28]
    assert found.windows[-1].until == UNTIL
    matured = 23.0
    for one in found.windows:
        first, last = ((end - ORIGIN) / DAY for end in (one.since, one.until))
        assert one.rows == expected(world, "accuracy", first, last)[1]
        assert one.pending == expected(world, "accuracy", max(first, matured), last)[1]
        assert one.unlabelled == one.contradictory == 0
        hits, of = expected(world, metric, first, min(last, matured))
        if one.measured is None:
            assert of < 30
        else:
            assert (one.measured.hits, one.measured.of) == (hits, of)
            assert one.measured.lower < hits / of < one.measured.upper
        assert (one.estimated is None) == (one.model_digest == OTHER)
        assert (one.held is None) == (one.pending > 0 or one.model_digest == OTHER)
    assert found.windows[-1].measured is None
    assert found.coverage == 1.0
    assert not found.problems
    assert "concept drift" in page


def test_an_estimate_is_what_would_have_been_said_when_its_window_ended(world, look):
    labels = labels_of(world.write_labels(world.all_labels()))
    end = ORIGIN + 21 * DAY
    then, _ = look(labels, until=end)
    now, _ = look(labels)
    was = next(one for one in then.windows if one.until == end)
    known = next(one for one in now.windows if one.until == end)
    assert was.measured is None
    assert known.measured is not None
    assert was.estimated == known.estimated


def test_an_empty_log_is_said(tmp_path, run_component):
    (tmp_path / "world").mkdir()
    world = World.__new__(World)
    world.folder = tmp_path / "world"
    world.store = open_named(str(world.folder / "log"))
    world.profile = profile_of(np.linspace(0, 1, 100), np.arange(100) % 2)
    done = run_component(
        main,
        inputs=world.inputs(),
        parameters={"policy": "{}", "log": str(world.folder / "log")},
        outputs=("performance", "report"),
    )
    assert done.exit_code == 0
    content = json.loads((done.folders["performance"] / "performance.json").read_bytes())
    assert content["windows"] == []
    assert content["problems"][1].startswith("No user was answered")


@pytest.mark.parametrize("policy", ["{}x", '{"performance": {"floor": "high"}}'])
def test_a_policy_that_is_none_is_bad_input(world, run_component, policy, capsys):
    done = run_component(
        main,
        inputs=world.inputs(),
        parameters={"policy": policy, "log": str(world.folder / "log")},
        outputs=("performance", "report"),
    )
    assert done.exit_code == 2
    assert "policy" in capsys.readouterr().err


def test_the_reference_of_another_model_is_bad_input(world, run_component, capsys):
    inputs = world.inputs()
    content = json.loads((inputs["window"].path / FILE).read_bytes())
    (inputs["window"].path / FILE).write_bytes(canonical_json({**content, "model_digest": OTHER}))
    inputs["window"] = ObservedWindow(
        model_digest=OTHER, profile_digest="p", since="", until="", files=0
    ).stored_at(inputs["window"].path, "window")
    done = run_component(
        main, inputs=inputs, parameters={"policy": "{}", "log": str(world.folder / "log")},
        outputs=("performance", "report"),
    )  # fmt: skip
    assert done.exit_code == 2
    assert "the reference is of model" in capsys.readouterr().err


def test_profiles_of_the_samples_are_profiles(world):
    assert Profile.from_bytes(world.profile.content, "p", digest=world.profile.digest)
