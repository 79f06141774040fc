from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.training.split import PARTS, split_features, split_rows

from .examples import features

FRACTIONS = {"validation": 0.15, "calibration": 0.1, "test": 0.2}


def alternating(rows: int) -> np.ndarray:
    return (np.arange(rows) % 2).astype(np.int8)


def parts(split) -> list[np.ndarray]:
    return [getattr(split, name) for name in PARTS]


@given(rows=st.integers(60, 400), order=st.sampled_from(["time", "row", "random"]))
def test_every_row_is_in_exactly_one_slice_of_about_its_share(rows: int, order: str) -> None:
    numbers = np.arange(rows)
    labels = np.random.default_rng(1).integers(0, 2, rows).astype(np.int8)

    split = split_rows(numbers, numbers * 10, labels, FRACTIONS, order=order)

    assert sorted(np.concatenate(parts(split)).tolist()) == numbers.tolist()
    for name, share in FRACTIONS.items():
        assert abs(split.sizes[name] - share * rows) <= 1


@given(
    times=st.lists(st.integers(0, 40), min_size=80, max_size=300),
    shuffle=st.randoms(use_true_random=False),
)
def test_time_order_keeps_equal_times_together_and_slices_in_sequence(times, shuffle) -> None:
    shuffle.shuffle(times)
    moments = np.array(times)
    try:
        split = split_rows(
            np.arange(len(times)), moments, alternating(len(times)), FRACTIONS, order="time"
        )
    except BadInput:
        return  # too many equal times to fill every slice with both classes

    for earlier, later in zip(parts(split), parts(split)[1:], strict=False):
        assert moments[earlier].max() < moments[later].min()


def test_a_boundary_inside_a_tie_moves_to_the_tie_s_nearer_end() -> None:
    # The first boundary is at 55 of 100; the tie covers 50 to 57, so 58 is nearer than 50.
    times = np.arange(100)
    times[50:58] = 50

    split = split_rows(np.arange(100), times, alternating(100), FRACTIONS, order="time")

    assert len(split.train) == 58


@given(seed=st.integers(0, 2**32))
def test_the_random_order_does_not_depend_on_the_order_of_the_table(seed: int) -> None:
    numbers, labels = np.arange(200), np.random.default_rng(2).integers(0, 2, 200)
    shuffled = np.random.default_rng(seed).permutation(200)

    straight = split_rows(numbers, numbers, labels, FRACTIONS, order="random")
    other = split_rows(numbers[shuffled], numbers, labels[shuffled], FRACTIONS, order="random")

    for one, two in zip(parts(straight), parts(other), strict=True):
        assert numbers[one].tolist() == numbers[shuffled][two].tolist()


def test_the_random_order_mixes_early_and_late_rows() -> None:
    numbers = np.arange(10_000)

    split = split_rows(numbers, numbers, alternating(10_000), FRACTIONS, order="random")

    assert abs(numbers[split.test].mean() - 5000) < 300


def test_a_slice_without_both_classes_is_refused_by_name() -> None:
    labels = alternating(100)
    labels[80:] = 0

    with pytest.raises(BadInput, match="the test slice has 20 rows of one class"):
        split_rows(np.arange(100), np.arange(100), labels, FRACTIONS, order="row")


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_an_empty_slice_is_refused(rows: int) -> None:
    with pytest.raises(BadInput, match=r"the (train|validation) slice"):
        split_rows(np.arange(rows), np.zeros(rows), alternating(rows), FRACTIONS, order="time")


def test_fractions_that_leave_nothing_to_train_on_are_refused() -> None:
    fractions = {"validation": 0.5, "calibration": 0.3, "test": 0.2}

    with pytest.raises(BadInput, match="leave no rows to train on"):
        split_rows(np.arange(9), np.arange(9), alternating(9), fractions, order="row")


@pytest.mark.parametrize(("time", "expected"), [("time", "time"), (None, "row")])
def test_auto_is_time_where_there_is_a_time_column(time: str | None, expected: str) -> None:
    split = split_features(features(400), {"order": "auto", **FRACTIONS}, {"time": time})

    assert split.order == expected


def test_time_order_without_a_time_column_is_refused() -> None:
    with pytest.raises(BadInput, match="no time column"):
        split_features(features(400), {"order": "time", **FRACTIONS}, {"time": None})
