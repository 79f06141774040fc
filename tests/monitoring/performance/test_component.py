"""The component over a real log: late labels, repetitions, contradictions, wrong keys."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.measure_performance.__main__ import main
from phasegate.clock import microseconds
from phasegate.contracts import ObservedWindow, ReferenceProfile
from phasegate.digests import canonical_json
from phasegate.monitoring.observed import FILE, Observed, log_files
from phasegate.monitoring.performance.series import Performance
from phasegate.monitoring.policy import MonitoringPolicy, PerformanceRules, RetrainingRules
from phasegate.monitoring.profile import Profile
from phasegate.prediction_log.record import Prediction, Source
from phasegate.prediction_log.table import parquet_bytes, partitions, table
from phasegate.release.policy import Labels
from phasegate.store.named import open_named
from tests.monitoring.performance.samples import DIGEST, profile_of
from tests.release.gathering.relations import START

DAY = timedelta(days=1)
OTHER = "b" * 64
# Windows of 7 days are aligned to the epoch, whatever the day that one looks.
ORIGIN = START - (START - START.fromtimestamp(0, START.tzinfo)) % (7 * DAY)
UNTIL = ORIGIN + 30 * DAY


class World:
    """Four weeks of answers; the model of the first one is another one."""

    def __init__(self, folder: Path) -> None:
        self.folder, rng = folder, np.random.default_rng(0)
        self.store = open_named(str(folder / "log"))
        self.count = 2400
        self.scores = rng.beta(0.6, 0.8, self.count)
        self.labels = (rng.random(self.count) < self.scores).astype(int)
        self.days = np.sort(rng.random(self.count)) * 30
        reference = rng.beta(0.6, 0.8, 20_000)
        self.profile = profile_of(reference, (rng.random(20_000) < reference).astype(int))
        self.log(range(self.count))

    def digest(self, request: int) -> str:
        return OTHER if self.days[request] < 7 else DIGEST

    def log(
        self, requests: Any, role: str = "champion", later: float = 0.0, **changes: Any
    ) -> None:
        """Log requests, in segments by model."""
        for digest in (OTHER, DIGEST):
            records = [
                self.record(request, role, later, **changes)
                for request in requests
                if self.digest(request) == digest
            ]
            if records:
                self.seal(records, digest)

    def record(self, request: int, role: str, later: float, **changes: Any) -> Prediction:
        score = np.array([self.scores[request]])
        known: dict[str, Any] = {
            "request_id": f"r{request}",
            "event_time": microseconds(ORIGIN + (self.days[request] + later) * DAY),
            "entity": f"card-{request % 700}",
            "role": role,
            "latency": 900,
            "error": None,
            "numeric": score.astype("<f8").tobytes(),
            "scores": score.astype("<f8").tobytes(),
            "decisions": (score >= 0.5).astype("i1").tobytes(),
        }
        return Prediction(**{**known, **changes})

    def seal(self, records: list[Prediction], digest: str) -> None:
        names = ("amount",) if digest == DIGEST else ("other",)
        source = Source("fraud", digest, "fraud/1", names, (), "writer")
        segment = f"{len(list(self.folder.rglob('*.parquet'))):064x}"
        for name, part in partitions(table(records, source), source, segment):
            file = self.folder / "part"
            file.write_bytes(parquet_bytes(part))
            assert self.store.create(name, file)

    def write_labels(self, lines: list[str], name: str = "labels.csv") -> Path:
        path = self.folder / name
        path.write_text("\n".join(["id,fraud", *lines]) + "\n")
        return path

    def all_labels(self) -> list[str]:
        return [f"r{number},{label}" for number, label in enumerate(self.labels)]

    def inputs(self, until: Any = UNTIL) -> dict[str, Any]:
        window, reference = self.folder / "window", self.folder / "reference"
        window.mkdir(exist_ok=True)
        reference.mkdir(exist_ok=True)
        history = UNTIL - 120 * DAY
        observed = Observed(
            "fraud", "fraud/2", DIGEST, self.profile.digest, until - DAY, until, history, until,
            tuple(log_files(self.store, "fraud", history, until)),
        )  # fmt: skip
        (window / FILE).write_bytes(canonical_json(observed.to_json()))
        for name in ReferenceProfile.FILES:
            (reference / name).write_bytes(b"")
        (reference / "profile.json").write_bytes(self.profile.content)
        return {
            "window": ObservedWindow(
                model_digest=DIGEST, profile_digest=self.profile.digest,
                since=observed.since.isoformat(), until=until.isoformat(),
                files=len(observed.files),
            ).stored_at(window, "window"),
            "reference": ReferenceProfile(
                model_digest=DIGEST, features_digest="f" * 64,
                profile_digest=self.profile.digest, rows=20_000, features=0,
            ).stored_at(reference, "reference"),
        }  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "world").mkdir()
    return World(tmp_path / "world")


@pytest.fixture
def look(world: World, run_component: Any) -> Any:
    """Runs the component; gives the series, and the page."""

    def run(labels: Labels, *, until: Any = UNTIL, **rules: Any) -> tuple[Performance, str]:
        policy = MonitoringPolicy(
            labels=labels,
            performance=PerformanceRules(**rules),
            retraining=RetrainingRules(history=120 * DAY),
        )
        done = run_component(
            main,
            inputs=world.inputs(until),
            parameters={"policy": json.dumps(policy.to_json()), "log": str(world.folder / "log")},
            outputs=("performance", "report"),
        )
        assert done.exit_code == 0
        content = json.loads((done.folders["performance"] / "performance.json").read_bytes())
        assert done.metadata["performance"]["windows"] == len(content["windows"])
        return Performance.from_json(content), done.folders["report"].read_text()

    return run


def labels_of(file: Path, **changes: Any) -> Labels:
    return Labels(str(file), "id", "fraud", **{"positive": 1, "delay": 7 * DAY, **changes})


def expected(world: World, metric: str, first: float, last: float) -> tuple[int, int]:
    """Numerator and denominator over days, from what the world knows."""
    rows = (world.days >= first) & (world.days < last)
    decided, positive = world.scores[rows] >= 0.5, world.labels[rows] == 1
    if metric == "precision":
        return int((decided & positive).sum()), int(decided.sum())
    if metric == "recall":
        return int((decided & positive).sum()), int(positive.sum())
    return int((decided == positive).sum()), len(decided)


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


def test_repetitions_and_copies_and_failures_count_for_nothing(world, look):
    labels = labels_of(world.write_labels(world.all_labels() * 2))
    before, _ = look(labels)
    world.log(range(0, 2400, 3), later=0.001)  # retries
    world.log(range(0, 2400, 3), later=0.001)  # sealed twice
    world.log(range(0, 2400, 9), later=5.0)  # far later, in another window
    world.log(range(2400), role="shadow")
    copies = [world.record(n, "shadow", 0.0, request_id=f"s{n}") for n in range(900, 1200)]
    world.seal(copies, DIGEST)
    failure = {"error": "timeout", "numeric": b"", "scores": b"", "decisions": b""}
    records = [world.record(n, "champion", 0.0, request_id=f"x{n}", **failure) for n in range(900)]
    world.seal(records, DIGEST)
    after, _ = look(labels)
    assert after == before


def test_answers_of_a_challenger_are_users_answers(world, look):
    labels = labels_of(world.write_labels(world.all_labels()))
    before, _ = look(labels)
    record = world.record(2000, "challenger", 0.0, request_id="new")
    world.seal([record], DIGEST)
    after, _ = look(labels)
    assert sum(one.rows for one in after.windows) == sum(one.rows for one in before.windows) + 1
    assert sum(one.unlabelled + one.pending for one in after.windows) == 1 + sum(
        one.unlabelled + one.pending for one in before.windows
    )


def test_contradictory_and_missing_labels_are_counted_apart_and_said(world, look):
    lines = [
        line
        for number, line in enumerate(world.all_labels())
        if not 300 <= number < 700  # lost
    ]
    lines += [f"r{number},{1 - world.labels[number]}" for number in range(100)]
    found, page = look(labels_of(world.write_labels(lines)))
    assert sum(one.contradictory for one in found.windows) == 100
    assert sum(one.unlabelled for one in found.windows) == 400
    for one in found.windows:
        parts = one.confusion.rows + one.pending + one.unlabelled + one.contradictory
        assert parts == one.rows
    missing, contradictory = found.problems
    assert missing.startswith("Labels are missing for 400 of ")
    assert contradictory.startswith("Labels contradict each other for 100 of ")
    assert contradictory in page.replace("&#x27;", "'")
    # Where many labels are missing, what is measured is no check of an estimate of all rows.
    assert [one.held for one in found.windows if one.unlabelled > 0.1 * one.rows] == [None, None]


@pytest.mark.parametrize("absent", ["unknown", "negative"])
def test_labels_of_other_ids_are_a_problem_and_no_measurement(world, look, absent):
    lines = [f"event-{number},{label}" for number, label in enumerate(world.labels)]
    found, page = look(labels_of(world.write_labels(lines), absent=absent))
    assert all(one.measured is None for one in found.windows)
    assert sum(one.unlabelled for one in found.windows) > 0
    (said, missing) = found.problems
    assert "none of them is one of the" in said
    assert "event-0" in said
    assert "r0" in said
    assert missing.startswith("Labels are missing")
    assert "What is wrong" in page


def test_labels_that_stop_coming_are_not_taken_for_good_news(world, look):
    lines = [f"r{n},1" for n in range(2400) if world.labels[n] and world.days[n] < 14]
    found, _ = look(labels_of(world.write_labels(lines), absent="negative"))
    first, second, third, fourth, _ = found.windows
    for one, days in ((first, 0), (second, 7)):
        hits, of = expected(world, "precision", days, days + 7)
        assert (one.measured.hits, one.measured.of) == (hits, of)
    assert third.measured is None
    assert third.unlabelled == third.rows
    assert fourth.measured is None
    assert any("not taken for negative" in said for said in found.problems)


@pytest.mark.parametrize(
    ("lines", "changes", "message"),
    [
        (["r1,1"], {"column": "fruad"}, "no column 'fruad'"),
        (["r1,1"], {"key": "request"}, "no column 'request'"),
        (["r1,maybe"], {}, "labels in 'fraud' like 'maybe'"),
        (["r1,1"], {"source": "/nowhere/labels.csv"}, "no labels are there"),
        (["r1,1"], {"source": ""}, "No labels are declared"),
        ([], {}, "name no request"),
    ],
)
@pytest.mark.parametrize("absent", ["unknown", "negative"])
def test_labels_that_cannot_be_used_are_said_and_estimates_stay(
    world, look, lines, changes, message, absent
):
    labels = labels_of(world.write_labels(lines), absent=absent)
    found, page = look(Labels(**{**_fields(labels), **changes}))
    assert message in found.problems[0]
    assert all(one.measured is None for one in found.windows)
    assert sum(one.estimated is not None for one in found.windows) == 4
    assert "What is wrong" in page


def _fields(labels: Labels) -> dict[str, Any]:
    return {name: getattr(labels, name) for name in labels.__slots__}


def test_scores_that_are_none_are_left_out_of_estimates_and_said(world, look):
    labels = labels_of(world.write_labels(world.all_labels()))
    nan = np.array([np.nan], "<f8").tobytes()
    world.seal([world.record(2000, "champion", 0.0, request_id="nan", scores=nan)], DIGEST)
    found, _ = look(labels)
    assert found.problems == (
        "1 answers have no finite score: their decisions are measured, and they are left out of"
        " estimates.",
    )


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
