"""Cohorts of the past are those that the proxy would have drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.release.backtest.cohorts import draws, xxhash64
from phasegate.traffic.plan import WHOLE

# Of the reference implementation, seed 0.
KNOWN = {
    b"": 0xEF46DB3751D8E999,
    b"a": 0xD24EC4F1A98C6E5B,
    b"abc": 0x44BC2CF5AD770999,
    b"Nobody inspects the spammish repetition": 0xFBCEA83C8A378BF1,
}


def test_hashes_are_those_of_the_reference_implementation() -> None:
    assert xxhash64(list(KNOWN)).tolist() == list(KNOWN.values())


@given(st.lists(st.binary(max_size=80)), st.randoms())
def test_a_hash_does_not_depend_on_what_is_hashed_beside_it(texts: list[bytes], random) -> None:
    alone = {text: int(xxhash64([text])[0]) for text in texts}
    random.shuffle(texts)
    assert xxhash64(texts).tolist() == [alone[text] for text in texts]


@pytest.mark.parametrize("weight", [100, 500, 5_000])
def test_a_cohort_is_as_large_as_its_weight(weight: int) -> None:
    drawn = draws([f"C{number:06d}" for number in range(100_000)], "salt")
    share = np.mean(drawn < weight)
    assert abs(share - weight / WHOLE) < 4 * np.sqrt(weight / WHOLE / 100_000)


def test_another_salt_draws_other_cohorts() -> None:
    keys = [f"C{number}" for number in range(20_000)]
    both = np.mean((draws(keys, "one") < 1_000) & (draws(keys, "two") < 1_000))
    assert 0.005 < both < 0.015
