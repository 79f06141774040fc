"""Policies over streams whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.progress import no_progress
from phasegate.release.backtest.document import decided_at, document
from phasegate.release.backtest.replay import Contest
from phasegate.release.backtest.run import Backtest
from phasegate.release.backtest.study import Candidate, Study, study
from phasegate.release.backtest.table import Answered
from phasegate.release.entry import FIRST
from phasegate.release.policy import Gate, Policy
from phasegate.release.record import Status
from phasegate.release.report.history import judged_in
from tests.release.backtest.streams import DAY, START, Stream, policy, stream


@contextmanager
def _studied(made: Stream, *policies: Policy, contest: Contest | None = None) -> Iterator[Study]:
    candidates = [Candidate(f"policy {at}", one) for at, one in enumerate(policies, 1)]
    with duckdb.connect() as connection:
        made.fill(connection)
        yield study(connection, contest or made.contest(), candidates, Path("unused"), no_progress)


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stream]:
    folder = tmp_path_factory.mktemp("streams")
    return {
        name: stream(folder / name, gain=gain)
        for name, gain in {"better": 0.2, "equal": 0.0, "worse": -0.3}.items()
    }


@pytest.fixture(scope="module")
def studies(streams: dict[str, Stream]) -> dict[str, Study]:
    found = {}
    for name, made in streams.items():
        with _studied(made, policy(made.labels)) as one:
            found[name] = one
    return found


def test_a_good_challenger_is_promoted_through_every_phase(studies: dict[str, Study]) -> None:
    entries = studies["better"].outcomes[0].entries
    assert [one.action for one in entries if one.action not in ("look", "apply", "settle")] == [
        *("start", "advance", "advance", "advance", "finish"),
    ]
    assert entries[-1].record.status is Status.PROMOTED
    seen = studies["better"].outcomes[0].hindsight
    assert seen.against_champion > 0 > seen.against_challenger
    assert seen.regret == pytest.approx(-seen.against_challenger)


def test_an_equal_challenger_is_promoted_and_costs_next_to_nothing(
    studies: dict[str, Study],
) -> None:
    found = studies["equal"]
    assert found.outcomes[0].entries[-1].record.status is Status.PROMOTED
    assert abs(found.outcomes[0].hindsight.against_champion) < 0.01 * found.rows


def test_a_bad_challenger_is_rolled_back_from_the_shadow(studies: dict[str, Study]) -> None:
    one = studies["worse"].outcomes[0]
    assert one.entries[-1].record.status is Status.ROLLED_BACK
    assert "value against champion, on pairs" in one.entries[-1].record.reason
    assert (one.hindsight.requests, one.hindsight.regret) == (0, 0)
    # Nothing is known of its value before the first labels are: three days.
    assert decided_at(one.entries) > START + 3 * DAY


def test_harm_that_only_users_meet_is_rolled_back_and_priced(streams: dict[str, Stream]) -> None:
    made = streams["worse"]
    usual = policy(made.labels)
    blind = replace(usual.phases[0], gates=(Gate("coverage", 0.99, weight=0.0),))
    long = replace(usual.phases[1].minimum, duration=20 * DAY)
    canary = replace(usual.phases[1], weight=3_000, patience=25 * DAY, minimum=long)
    with _studied(made, replace(usual, phases=(blind, canary, *usual.phases[2:]))) as found:
        one = found.outcomes[0]
    assert one.entries[-1].record.status is Status.ROLLED_BACK
    assert "value against champion, on cohorts" in one.entries[-1].record.reason
    seen = one.hindsight
    assert seen.requests > 0
    assert seen.entities > 0
    assert found.at_once < seen.against_champion < 0
    assert seen.regret == -seen.against_champion
    assert seen.path[-1] == seen.against_champion


def test_the_entries_are_a_whole_audit_log(studies: dict[str, Study]) -> None:
    for found in studies.values():
        previous = FIRST
        for sequence, entry in enumerate(found.outcomes[0].entries, 1):
            assert (entry.sequence, entry.previous, entry.hash) == (
                *(sequence, previous),
                entry.expected_hash(),
            )
            previous = entry.hash


def test_labels_of_the_future_change_nothing_before_they_are_known(
    streams: dict[str, Stream], tmp_path: Path
) -> None:
    made = streams["better"]
    turned = START + 8 * DAY  # labels of events from here on are turned around
    table = pq.read_table(made.folder / "features.parquet")
    late = table["_time"].to_numpy() >= int(turned.timestamp() * 1_000_000)
    label = np.where(late, 1 - table["_label"].to_numpy(), table["_label"].to_numpy())
    other = replace(made, folder=tmp_path / "other")
    other.folder.mkdir()
    position = table.column_names.index("_label")
    changed = table.set_column(position, "_label", pa.array(label.astype(np.int8)))
    pq.write_table(changed, other.folder / "features.parquet")

    slow = policy(made.labels)
    slow = replace(
        slow,
        phases=(
            replace(slow.phases[0], minimum=replace(slow.phases[0].minimum, duration=20 * DAY)),
            *slow.phases[1:],
        ),
    )
    looks = []
    for one in (made, other):
        with _studied(one, replace(slow, labels=one.labels)) as found:
            entries = found.outcomes[0].entries
            looks.append([(entries[at].at, entries[at].decision) for at, _ in judged_in(entries)])
    known = turned + 3 * DAY
    before = [[look for look in each if look[0] <= known] for each in looks]
    after = [[look for look in each if look[0] > known + DAY] for each in looks]
    assert len(before[0]) == 11
    assert before[0] == before[1]
    assert after[0] != after[1]


def test_two_policies_side_by_side_are_what_each_is_alone(streams: dict[str, Stream]) -> None:
    made = streams["better"]
    bold = policy(made.labels)
    careful = replace(bold, phases=(
        replace(bold.phases[0], minimum=replace(bold.phases[0].minimum, duration=15 * DAY)),
        *bold.phases[1:],
    ))  # fmt: skip
    with _studied(made, bold, careful) as both, _studied(made, careful) as alone:
        assert both.outcomes[1].entries == alone.outcomes[0].entries
        assert both.outcomes[1].hindsight == alone.outcomes[0].hindsight
        ends = [decided_at(one.entries) for one in both.outcomes]
        assert ends[0] < ends[1]
        gained = [one.hindsight.against_champion for one in both.outcomes]
        assert gained[0] > gained[1]


def test_the_same_past_gives_the_same_bytes(streams: dict[str, Stream]) -> None:
    made = streams["worse"]
    texts = set()
    for _ in range(2):
        with _studied(made, policy(made.labels)) as found:
            answered = Answered(found.rows, found.rows, 1, START, START, 0)
            texts.add(canonical_json(document(Backtest("here", "salt", answered, found))))
    assert len(texts) == 1


def test_a_time_without_looks_is_refused(streams: dict[str, Stream]) -> None:
    made = streams["equal"]
    short = made.contest(days=1, every=2 * DAY)
    with (
        pytest.raises(BadInput, match="there is no look"),
        _studied(made, policy(made.labels), contest=short),
    ):
        pass


def test_a_metric_that_needs_labels_is_refused_without_any(
    streams: dict[str, Stream], tmp_path: Path
) -> None:
    made = streams["equal"]
    (tmp_path / "labels.csv").write_text("id,fraud\nnobody,1\n")
    labels = replace(made.labels, source=str(tmp_path / "labels.csv"), key="id", column="fraud")
    with pytest.raises(BadInput, match="no label is known"), _studied(made, policy(labels)):
        pass


def test_without_a_business_metric_decisions_are_replayed_and_no_value_is_told(
    streams: dict[str, Stream],
) -> None:
    made = streams["equal"]
    usual = policy(made.labels, metric=None)
    phases = tuple(
        replace(
            one,
            gates=tuple(gate for gate in one.gates if gate.metric != "value"),
            guardrails=(),
        )
        for one in usual.phases
    )
    with _studied(made, replace(usual, phases=phases)) as found:
        assert found.outcomes[0].entries[-1].record.status is Status.PROMOTED
        told = document(Backtest("here", "salt", Answered(1, 1, 1, START, START, 0), found))
    (one,) = told["policies"]
    assert (told["metric"], told["switch_at_once"], one["regret"]) == (None, None, None)
