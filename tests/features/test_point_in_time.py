"""Nothing at or after an event, less the delay, ever reaches its features."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.features.definitions import FeatureDefinitions

from .tables import DATA, FEATURES, HOUR, ROWS, TABLES, computed


def windows_of(event: dict[str, object]) -> dict[str, object]:
    names = [name for name in event if name.startswith(("customer_", "terminal_"))]
    return {name: event[name] for name in names}


@settings(max_examples=30, deadline=None)
@given(TABLES, ROWS, st.lists(ROWS, max_size=25), st.sampled_from([0, 1, 2]))
def test_the_future_may_be_rewritten_without_changing_an_event(past, event, other, delay):
    """Replace everything at or after t - delay by anything else at or after t - delay."""
    windows = [{**window, "delay": f"{delay}h"} for window in FEATURES["windows"]]
    data = {**DATA, "label": {**DATA["label"], "delay": f"{delay}h"}}
    definitions = FeatureDefinitions.parse({"windows": windows}, data)
    cutoff = event["moment"] - delay * HOUR
    known = [row for row in past if row["moment"] < cutoff]
    futures = (
        [row for row in past if row["moment"] >= cutoff],
        [row for row in other if row["moment"] >= cutoff],
        [],
    )
    seen = []
    for future in futures:
        rows = computed([event, *known, *future], definitions)
        seen.append(repr(windows_of(next(row for row in rows if row["_row"] == 0))))
    assert len(set(seen)) == 1


@settings(max_examples=20, deadline=None)
@given(TABLES, st.randoms(use_true_random=False))
def test_the_order_in_which_rows_are_stored_does_not_matter(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)

    def outcome(table):
        return sorted(repr((table[event["_row"]], windows_of(event))) for event in computed(table))

    assert outcome(rows) == outcome(shuffled)


@settings(max_examples=20, deadline=None)
@given(TABLES, st.booleans())
def test_one_events_label_is_unseen_by_every_event_before_its_delay(rows, positive):
    changed = [{**rows[0], "fraud": int(positive)}, *rows[1:]]
    known_from = rows[0]["moment"] + 2 * HOUR
    for before, after in zip(computed(rows), computed(changed), strict=True):
        if before["_time"] <= known_from:
            assert repr(windows_of(before)) == repr(windows_of(after))


def test_a_window_never_sees_its_own_event():
    event = {"moment": HOUR, "customer": "a", "terminal": 1, "amount": 5.0, "fraud": 1}
    (only,) = computed([event])
    assert only["customer_amount_count_1h"] == 0
    assert only["customer_amount_sum_1h"] == 0
    assert only["customer_amount_mean_1h"] is None
