"""Definitions: readable names, one digest for one meaning, leaks and collisions refused."""

from __future__ import annotations

import pytest

from phasegate.digests import digest_json
from phasegate.errors import BadInput
from phasegate.features.definitions import FeatureColumn, FeatureDefinitions

DATA = {
    "time": "event_time",
    "entity": "customer_id",
    "label": {"column": "is_fraud", "positive": 1, "delay": "7d"},
    "exclude": ["note"],
}
WINDOW = {
    "entity": "customer_id",
    "value": "amount",
    "aggregates": ["sum", "mean"],
    "over": ["7d"],
}
FEATURES = {
    "numeric": ["amount"],
    "categorical": ["category"],
    "calendar": {"column": "event_time", "parts": ["hour"]},
    "windows": [WINDOW],
}


def test_columns_have_readable_names_in_declared_order():
    assert FeatureDefinitions.parse(FEATURES, DATA).columns == (
        FeatureColumn("amount", "numeric"),
        FeatureColumn("category", "categorical"),
        FeatureColumn("event_time_hour", "numeric"),
        FeatureColumn("customer_id_amount_sum_7d", "numeric"),
        FeatureColumn("customer_id_amount_mean_7d", "numeric"),
    )


def test_sources_are_the_columns_that_are_read_each_once():
    sources = FeatureDefinitions.parse(FEATURES, DATA).sources
    assert sources == ("event_time", "is_fraud", "customer_id", "amount", "category")


def test_aggregates_of_one_window_share_one_statistic():
    assert len(FeatureDefinitions.parse(FEATURES, DATA).statistics) == 1


def test_the_document_parses_to_the_same_definitions():
    definitions = FeatureDefinitions.parse(FEATURES, DATA)
    assert FeatureDefinitions.parse(**definitions.document) == definitions
    assert definitions.digest == digest_json(definitions.document)


@pytest.mark.parametrize(
    ("features", "data"),
    [
        ({**FEATURES, "numeric": []}, DATA),
        ({**FEATURES, "windows": [{**WINDOW, "delay": "1d"}]}, DATA),
        ({**FEATURES, "windows": [{**WINDOW, "resolution": 0.01}]}, DATA),
        (FEATURES, {**DATA, "entity": None}),
        (FEATURES, {**DATA, "label": {**DATA["label"], "positive": 2}}),
    ],
)
def test_the_digest_changes_with_the_meaning(features, data):
    digest = FeatureDefinitions.parse(FEATURES, DATA).digest
    assert FeatureDefinitions.parse(features, data).digest != digest


def test_the_digest_ignores_defaults_and_unrelated_parts_of_the_data():
    explicit = {**FEATURES, "windows": [{**WINDOW, "delay": "0d", "resolution": 1e-6}]}
    unrelated = {**DATA, "protected": ["sex"], "source": "elsewhere.csv"}
    digest = FeatureDefinitions.parse(FEATURES, DATA).digest
    assert FeatureDefinitions.parse(explicit, unrelated).digest == digest


def refusal(features, data=DATA) -> str:
    with pytest.raises(BadInput) as caught:
        FeatureDefinitions.parse(features, data)
    return str(caught.value)


def test_a_window_over_the_label_needs_the_labels_delay():
    window = {**WINDOW, "value": "is_fraud", "delay": "6d"}
    message = refusal({"windows": [WINDOW, window]})
    assert "windows[1]" in message
    assert "6d" in message
    FeatureDefinitions.parse({"windows": [{**window, "delay": "7d"}]}, DATA)


@pytest.mark.parametrize(
    ("features", "named"),
    [
        ({"numeric": ["amount"], "categorical": ["amount"]}, "amount"),
        ({"windows": [WINDOW, {**WINDOW, "delay": "1d"}]}, "customer_id_amount_sum_7d"),
        ({"numeric": ["_time"]}, "_time"),
        ({"numeric": ["is_fraud"]}, "is_fraud"),
        ({"categorical": ["note"]}, "note"),
        ({}, "no features"),
        ({"windows": [{**WINDOW, "over": ["0d"]}]}, "0d"),
        ({"windows": [{**WINDOW, "over": ["a week"]}]}, "a week"),
        ({"windows": [{**WINDOW, "aggregates": ["median"]}]}, "median"),
        ({"windows": [{**WINDOW, "resolution": 0}]}, "resolution"),
        ({"calendar": {"column": "event_time", "parts": ["decade"]}}, "decade"),
    ],
)
def test_impossible_definitions_are_refused_by_name(features, named):
    assert named in refusal(features)


def test_windows_need_a_time():
    assert "event time" in refusal({"windows": [WINDOW]}, {**DATA, "time": None})
