"""Evidence from stored logs, against loops over their records."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phasegate.errors import BadInput, Unavailable
from phasegate.release.evidence import Evidence, Proportion
from phasegate.release.gathering.evidence import gather
from phasegate.release.gathering.expression import BadMetric
from phasegate.release.gathering.log import LogSource
from phasegate.release.policy import BusinessMetric, Labels, Minimum, Phase, Policy
from phasegate.release.record import ReleaseRecord
from phasegate.store.bucket import Bucket
from phasegate.traffic.plan import Backend
from phasegate.traffic.state import BackendState, MirrorState, TrafficState
from tests.release.gathering import oracle
from tests.release.gathering.comparing import assert_same
from tests.release.gathering.relations import START
from tests.release.gathering.stored import UNTIL, Logged, logs, store
from tests.release.samples import CHALLENGER, CHAMPION, running
from tests.store.emulator import storage_emulator

DELAY = timedelta(hours=5)
SEEN = ("champion", "challenger")


def released(labels: Path | str = "", *, weight: int = 1000, mirror: int = 10_000) -> Any:
    phase = Phase("canary", weight, mirror, Minimum(DELAY, 1, 1), DELAY)
    source = Labels(str(labels), "id", "fraud", 1, DELAY, "negative")
    policy = Policy((phase,), slices=("category",), metric=oracle.METRIC_ON_KNOWN, labels=source)
    return replace(running().record, policy=policy, phase_applied=START)


def read(folder: Path, record: ReleaseRecord) -> Any:
    return LogSource(str(folder), "card-fraud", folder / "tmp" / "work").read(record, UNTIL)


def kept(records: list[Logged], role: str) -> dict[int, Logged]:
    """The earliest record of each request of one role; of equal ones the faster."""
    of_role = [one for one in records if one.role == role]
    ordered = sorted(of_role, key=lambda one: (one.hour, one.latency))
    return {one.request: one for one in reversed(ordered)}


def label_of(labels: dict[str, str], one: Logged) -> bool | None:
    if START + timedelta(hours=one.hour) + DELAY > UNTIL:
        return None
    return {"1": True, "0": False}[labels.get(f"{one.request}", "0")]


def expected_pairs(records: list[Logged], labels: dict[str, str]) -> Any:
    copies = kept(records, "shadow")
    asked = kept(in_phase(records), "champion")
    counts = dict.fromkeys(("answered", "failed", "absent", "conflicting"), 0)
    rows = []
    for request, one in asked.items():
        copy = copies.get(request)
        counts["absent" if copy is None else "failed" if copy.error else "answered"] += 1
        if copy is None or copy.error:
            continue
        mine, theirs = one.rows(label_of(labels, one)), copy.rows(None)
        for champion, shadow in zip(mine, theirs, strict=True):
            sides = {
                f"{role}_{name}": row[name]
                for role, row in (("champion", champion), ("challenger", shadow))
                for name in ("score", "decision", "latency_us")
            }
            rows.append({**champion, **sides})
    return oracle.of_pairs(rows, {"requests": len(asked), **counts})


def in_phase(records: list[Logged]) -> list[Logged]:
    return [one for one in records if START <= START + timedelta(hours=one.hour) < UNTIL]


def expected_cohorts(records: list[Logged], labels: dict[str, str]) -> Any:
    rows: list[dict[str, Any]] = []
    for role in ("champion", "challenger"):
        for one in in_phase(list(kept(records, role).values())):
            rows += one.rows(label_of(labels, one))
    return oracle.of_cohorts(rows)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(records=logs(), labels=st.dictionaries(st.integers(0, 12).map(str), st.sampled_from("01")))
def test_evidence_is_that_of_loops_over_the_records(records, labels):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "labels.csv").write_text(
            "id,fraud\n" + "".join(f"{one},{label}\n" for one, label in labels.items())
        )
        store(folder, records)
        pairs, cohorts = read(folder, released(folder / "labels.csv"))
        wanted, wanted_cohorts = expected_pairs(records, labels), expected_cohorts(records, labels)
        if not any(one.role == "champion" for one in records):
            # Nobody knows which features there are, so nothing is asked of them.
            assert pairs.rows == 0
            wanted = replace(wanted, slices={}, bounded=pairs.bounded)
        if not records:
            assert cohorts.challenger.requests == cohorts.champion.requests == 0
            return
        assert_same(pairs, wanted)
        assert_same(cohorts, wanted_cohorts)


def test_labels_before_their_time_change_no_evidence(tmp_path):
    records = [
        Logged(r, role, 20 + r, "a", (r % 2,)) for r in range(16) for role in ("champion", "shadow")
    ]
    store(tmp_path, records)
    found = []
    for early in ("0", "1", ""):
        lines = [f"{r},{r % 2}" for r in range(12)] + [f"{r},{early}" for r in range(12, 16)]
        (tmp_path / "labels.csv").write_text("id,fraud\n" + "\n".join(lines))
        found.append(read(tmp_path, released(tmp_path / "labels.csv")))
    assert found[0] == found[1] == found[2]
    assert found[0][0].champion_value.requests == 12


def test_only_what_the_phase_asks_for_is_read(tmp_path):
    store(tmp_path, [Logged(1, "champion", 1, "a", (0,))])
    assert read(tmp_path, released(weight=0))[1] is None
    assert read(tmp_path, released(mirror=0))[0] is None
    assert read(tmp_path, replace(released(), phase_applied=None)) == (None, None)


def test_the_phase_begins_with_its_first_moment_and_ends_before_now(tmp_path):
    hours = (-1, 0, 35, 36)
    records = [Logged(h, role, h, f"{role}{h}", (1,)) for h in hours for role in SEEN]
    records = [replace(one, request=n) for n, one in enumerate(records)]
    store(tmp_path, records)
    _, cohorts = read(tmp_path, released())
    assert (cohorts.champion.requests, cohorts.challenger.requests) == (2, 2)


def test_other_days_and_other_models_are_not_opened(tmp_path):
    store(tmp_path, [Logged(1, "champion", 1, "a", (0,)), Logged(1, "shadow", 1, "a", (0,))])
    log = tmp_path / "predictions/card-fraud"
    for place in ("date=2025-02-28/model=aaaaaaaaaaaa", "date=2025-03-01/model=cccccccccccc"):
        (log / place).mkdir(parents=True)
        (log / place / "broken.parquet").write_text("no parquet")
    pairs, _ = read(tmp_path, released())
    assert pairs.answered == 1
    (log / "date=2025-03-01/model=aaaaaaaaaaaa/broken.parquet").write_text("no parquet")
    with pytest.raises(BadInput, match="the prediction log cannot be read"):
        read(tmp_path, released())


def test_an_empty_log_is_no_evidence(tmp_path):
    pairs, cohorts = read(tmp_path, released())
    assert (pairs.requests, pairs.rows, cohorts.challenger.requests) == (0, 0, 0)


def test_a_log_in_a_bucket_is_fetched_once(tmp_path, monkeypatch):
    records = [Logged(r, role, r, "a", (1,)) for r in range(30) for role in ("champion", "shadow")]
    store(tmp_path / "log", records)
    (tmp_path / "labels.csv").write_text("id,fraud\n1,1\n")
    with storage_emulator("logs") as address:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        bucket = Bucket("logs")
        for file in (tmp_path / "log").rglob("*.parquet"):
            bucket.create(f"here/{file.relative_to(tmp_path / 'log')}", file)
        bucket.create("labels/labels.csv", tmp_path / "labels.csv")
        record = released("gs://logs/labels")
        log = LogSource("gs://logs/here", "card-fraud", tmp_path / "work")
        first = log.read(record, UNTIL)
        fetched = {one: os.stat(one).st_mtime_ns for one in (tmp_path / "work").rglob("*.*")}
        assert log.read(record, UNTIL) == first
        assert {one: os.stat(one).st_mtime_ns for one in fetched} == fetched
        assert first[0].answered == 30
        assert first[0].champion_value.value == 1 - 5 * 30 + 5
    monkeypatch.setenv("PHASEGATE_RETRY_SECONDS", "0.5")
    with pytest.raises(Unavailable, match="did not answer"):
        LogSource("gs://logs/here", "card-fraud", tmp_path / "work").read(record, UNTIL)


class Proxy:
    """A proxy that reports one state, or does not answer."""

    def __init__(self, state: TrafficState | None) -> None:
        self._state = state

    def observe(self) -> TrafficState:
        if self._state is None:
            raise Unavailable("Envoy did not answer", where="127.0.0.1:9901")
        return self._state


def state() -> TrafficState:
    def backend(role: str, slot: str, share: int, errors: int) -> BackendState:
        place = Backend(slot, "127.0.0.1:8080", "card-fraud")
        return BackendState(role, place, share, True, 1000, 990 - errors, errors, 10)

    return TrafficState(
        version="v1",
        killed=False,
        champion=backend("champion", CHAMPION.slot, 9000, errors=1),
        challenger=backend("challenger", CHALLENGER.slot, 1000, errors=5),
        mirror=MirrorState(10_000, 500, 490, {"limit": 1, "late": 2}, active=7),
        fallbacks=5,
    )


def gathered(folder: Path, record: ReleaseRecord, proxy: Any = None, kill: Any = None) -> Evidence:
    log = LogSource(str(folder), "card-fraud", folder / "tmp")
    return gather(record, UNTIL, log, proxy or Proxy(state()), kill or (lambda: False))


def test_all_that_is_known_is_gathered(tmp_path):
    store(tmp_path, [Logged(1, role, 1, "a", (0,)) for role in ("champion", "shadow")])
    found = gathered(tmp_path, released())
    assert found.is_complete
    assert (found.problems, found.kill) == ((), False)
    assert (found.since, found.until) == (START, UNTIL)
    traffic = found.traffic
    assert (traffic.champion, traffic.challenger) == (CHAMPION.slot, CHALLENGER.slot)
    assert (traffic.weight, traffic.mirror, traffic.killed) == (1000, 10_000, False)
    assert traffic.champion_errors == Proportion(1, 990)
    assert traffic.challenger_errors == Proportion(5, 990)
    assert traffic.copies_lost == Proportion(3, 493)
    assert Evidence.from_json(found.to_json()) == found
    assert gathered(tmp_path, released()).digest == found.digest


def test_each_source_fails_by_itself(tmp_path):
    def switch() -> bool:
        raise Unavailable("the flag provider did not answer")

    store(tmp_path, [Logged(1, role, 1, "a", (0,)) for role in ("champion", "shadow")])
    record = released(tmp_path / "absent.csv")
    found = gathered(tmp_path, record, Proxy(None), switch)
    assert (found.pairs, found.cohorts, found.traffic, found.kill) == (None,) * 4
    assert not found.log_read
    assert [problem.split(": ")[-1] for problem in found.problems] == [
        "no labels are there; expected CSV or Parquet files. Wait for them.",
        "Envoy did not answer.",
        "the flag provider did not answer.",
    ]
    assert not gathered(tmp_path, replace(record, phase_applied=None)).log_read


def test_a_metric_that_fails_takes_only_the_values_away(tmp_path):
    store(tmp_path, [Logged(1, role, 1, "a", (0,)) for role in ("champion", "shadow")])
    record = released()
    metric = BusinessMetric("v", "amount + salary", needs_label=False)
    record = replace(record, policy=replace(record.policy, metric=metric))
    found = gathered(tmp_path, record)
    assert found.pairs.answered == 1
    assert (found.pairs.champion_value, found.cohorts.challenger.value) == (None, None)
    assert len(found.problems) == 1
    assert "'salary' is no column" in found.problems[0]
    with pytest.raises(BadMetric):
        read(tmp_path, record)
