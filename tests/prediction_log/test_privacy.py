"""Sensitive columns never reach the log as they are."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.prediction_log.privacy import Privacy, read_key
from phasegate.prediction_log.record import Prediction, Source, decode, encode
from tests.prediction_log.examples import SOURCE, failure, logs, prediction, texts

KEY = b"k" * 32
HEX = set("0123456789abcdef")

Column = list[float | str | None]


def columns(record: Prediction, source: Source) -> dict[str, Column]:
    """The record's values by column; NaN, which is missing, as None."""
    numbers = np.frombuffer(record.numeric).reshape(record.rows, len(source.numeric))
    numeric = {
        name: [None if math.isnan(value) else value for value in numbers[:, position].tolist()]
        for position, name in enumerate(source.numeric)
    }
    return {**numeric, **dict(zip(source.text, record.categories, strict=False))}


@st.composite
def cases(draw: st.DrawFn) -> tuple[Source, list[Prediction], dict[str, Any]]:
    source, records = draw(logs())
    rules = draw(
        st.dictionaries(
            st.sampled_from(source.numeric + source.text), st.sampled_from(["hash", "drop"])
        )
    )
    # One column at least has to be left.
    kept = next((name for name in source.text + source.numeric if rules.get(name) != "drop"), None)
    return source, records, rules if kept else {}


@given(case=cases())
def test_each_column_is_kept_hashed_or_gone(
    case: tuple[Source, list[Prediction], dict[str, Any]],
) -> None:
    source, records, rules = case
    privacy = Privacy(rules, KEY)
    private = privacy.source(source)
    assert set(private.numeric + private.text) == {
        name for name in source.numeric + source.text if rules.get(name) != "drop"
    }
    for record in records:
        after = privacy.prediction(record, source)
        assert decode(encode(after, private), private) == after
        assert (after.scores, after.decisions) == (record.scores, record.decisions)
        before = columns(record, source)
        for name, values in columns(after, private).items():
            if rules.get(name) != "hash":
                assert values == before[name]
                continue
            for value, hashed in zip(before[name], values, strict=True):
                if value is None:
                    assert hashed is None
                else:
                    assert isinstance(hashed, str)
                    assert len(hashed) == 32
                    assert set(hashed) <= HEX
                    assert hashed != value


@given(first=texts, second=texts)
def test_hashes_are_equal_when_values_are_and_keys_are(first: str, second: str) -> None:
    def hashed(value: str, key: bytes = KEY) -> str | None:
        return Privacy({"customer": "hash"}, key).entity("customer", value)

    assert (hashed(first) == hashed(second)) == (first == second)
    assert hashed(first) != hashed(first, b"another key of 32 bytes ........")


def test_an_entity_and_a_column_of_one_value_have_one_hash() -> None:
    privacy = Privacy({"category": "hash"}, KEY)
    logged = privacy.prediction(prediction(categories=[["food"]]), SOURCE)
    assert logged.categories == [[privacy.entity("category", "food")]]


def test_both_zeros_have_one_hash() -> None:
    privacy = Privacy({"amount": "hash"}, KEY)
    logged = [
        privacy.prediction(prediction(numeric=np.array([zero, 1.0]).tobytes()), SOURCE).categories
        for zero in (0.0, -0.0)
    ]
    assert logged[0] == logged[1]


def test_an_entity_follows_the_rule_of_its_column() -> None:
    assert Privacy({}).entity("customer", "7") == "7"
    assert Privacy({"customer": "drop"}).entity("customer", "7") is None
    assert Privacy({"customer": "hash"}, KEY).entity("customer", None) is None


def test_a_failed_request_has_nothing_to_hide() -> None:
    assert Privacy({"amount": "hash"}, KEY).prediction(failure(), SOURCE) == failure()


def test_the_key_is_not_shown() -> None:
    assert "kkk" not in repr(Privacy({"a": "hash"}, KEY))


@pytest.mark.parametrize("key", [None, b"", b"k" * 15, b"k" * 65])
def test_nothing_is_hashed_without_a_proper_key(key: bytes | None) -> None:
    Privacy({"amount": "drop"}, key)
    with pytest.raises(BadInput, match="expected 16 to 64 bytes"):
        Privacy({"amount": "hash"}, key)


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(BadInput, match="column 'amount': rule 'mask'"):
        Privacy({"amount": "mask"}, KEY)  # type: ignore[dict-item]


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o440])
def test_a_key_is_read_without_its_line_break(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "key"
    file.write_bytes(KEY + b"\n")
    file.chmod(mode)
    assert read_key(file) == KEY


@pytest.mark.parametrize("mode", [0o660, 0o604, 0o620])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "key"
    file.write_bytes(KEY)
    file.chmod(mode)
    with pytest.raises(BadInput, match=f"mode {mode:o}.*chmod 600"):
        read_key(file)


def test_a_key_that_is_missing_or_short_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"No such file.*openssl"):
        read_key(tmp_path / "key")
    (tmp_path / "key").touch(mode=0o600)
    with pytest.raises(BadInput, match="has 0 bytes"):
        read_key(tmp_path / "key")
