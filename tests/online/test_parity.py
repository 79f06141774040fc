"""What is computed for a request has the bits that training computes for the same events."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.features.definitions import FeatureDefinitions
from phasegate.online import OnlineFeatures
from tests.features.oracle import expected_features
from tests.features.tables import HOUR, computed

from .streams import (
    DATA,
    LABEL_DELAY,
    SCHEMA,
    TABLES,
    definitions,
    features_only,
    history,
    request,
    rows_of,
)


def in_order(rows):
    """Rows by time, as the feature set has them."""
    return sorted(rows, key=lambda row: row["moment"])


def label_is_known(row, now):
    return row["moment"] + LABEL_DELAY <= now


def names_of(wanted, *, over_label=True):
    windows_over_label = {
        window.name for window in wanted.windows if window.statistic.value == wanted.label.column
    }
    names = [column.name for column in wanted.columns]
    return [name for name in names if over_label or name not in windows_over_label]


@settings(max_examples=60, deadline=None)
@given(TABLES, definitions())
def test_events_streamed_one_by_one_get_trainings_features(rows, wanted):
    rows, unlabelled = in_order(rows), {}
    streamed = []
    with history() as past:
        features = OnlineFeatures(wanted, past)
        for number, row in enumerate(rows):
            ready = {
                name: label
                for name, label in unlabelled.items()
                if label_is_known(rows[int(name)], row["moment"])
            }
            assert set(features.add_labels(ready)) <= set(ready)
            unlabelled = {name: row for name, row in unlabelled.items() if name not in ready}
            event = features.read(request([row], features), [str(number)])
            result = features.compute(event)
            assert list(result.columns) == [column.name for column in wanted.columns]
            assert not result.unlabelled.any()
            streamed += rows_of(result)
            features.record(event)
            unlabelled[str(number)] = row["fraud"]
    names = names_of(wanted)
    offline = computed(rows, wanted, SCHEMA)
    assert features_only(streamed, names) == features_only(offline, names)


@settings(max_examples=40, deadline=None)
@given(TABLES, definitions(), st.lists(st.integers(1, 6), min_size=25), st.randoms())
def test_events_of_one_request_see_each_other_once_even_when_they_are_recorded_first(
    rows, wanted, sizes, random
):
    """Another process may have recorded all, some or none of a request's events already."""
    rows = in_order(rows)
    streamed, missing_labels = [], []
    with history() as past:
        features, other = OnlineFeatures(wanted, past), OnlineFeatures(wanted, past)
        numbered = iter(enumerate(rows))
        for size in sizes:
            taken = list(itertools.islice(numbered, size))
            if not taken:
                break
            random.shuffle(taken)
            ids, of_request = [str(number) for number, _ in taken], [row for _, row in taken]
            event = features.read(request(of_request, features), ids)
            known = random.randint(0, len(taken))
            other.record(other.read(request(of_request[:known], features), ids[:known]))
            result = features.compute(event)
            order = sorted(range(len(taken)), key=lambda at: taken[at][0])
            computed_rows = rows_of(result)
            streamed += [computed_rows[at] for at in order]
            missing_labels += [result.unlabelled[at] for at in order]
            features.record(event)
            features.add_labels(
                {name: row["fraud"] for name, row in zip(ids, of_request, strict=True)}
            )
    offline = computed(rows, wanted, SCHEMA)
    names = names_of(wanted, over_label=False)
    assert features_only(streamed, names) == features_only(offline, names)
    names = names_of(wanted)
    complete = [at for at, missing in enumerate(missing_labels) if not missing]
    assert features_only([streamed[at] for at in complete], names) == features_only(
        [offline[at] for at in complete], names
    )


@settings(max_examples=40, deadline=None)
@given(TABLES, definitions())
def test_late_events_are_seen_by_the_requests_after_them(rows, wanted):
    """In whatever order events arrive, each sees those that arrived before it as training would."""
    with history() as past:
        features = OnlineFeatures(wanted, past)
        for number, row in enumerate(rows):
            event = features.read(request([row], features), [str(number)])
            (streamed,) = rows_of(features.compute(event))
            arrived = expected_features(rows[: number + 1], wanted)
            expected = next(one for one in arrived if one["_row"] == number)
            names = [window.name for window in wanted.windows]
            assert features_only([streamed], names) == features_only([expected], names)
            features.record(event)
            features.add_labels({str(number): row["fraud"]})


def test_a_label_that_is_overdue_is_reported():
    wanted = FeatureDefinitions.parse(
        {
            "windows": [
                {
                    "entity": "customer",
                    "value": "fraud",
                    "aggregates": ["count"],
                    "over": ["1h", "24h"],
                    "delay": "2h",
                }
            ]
        },
        DATA,
    )
    with history() as past:
        features = OnlineFeatures(wanted, past)

        def event(name, hour):
            return features.read({"customer": ["a"], "moment": [hour * HOUR]}, [name])

        features.record(event("first", 0))
        features.record(event("second", 1))
        assert features.compute(event("early", 2)).unlabelled.tolist() == [0]
        asked = features.compute(event("later", 4))
        assert asked.unlabelled.tolist() == [2]
        assert asked.columns["customer_fraud_count_24h"].tolist() == [0]
        assert features.add_labels({"first": 1, "unheard of": 0}) == ["unheard of"]
        asked = features.compute(event("later", 4))
        assert asked.unlabelled.tolist() == [1]
        assert asked.columns["customer_fraud_count_24h"].tolist() == [1]
