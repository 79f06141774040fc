"""YAML is read as Kubernetes reads it, with lines, and hostile input ends in one message."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from phasegate.errors import BadInput
from phasegate.linting.reading import Limits, read

_SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=20)
_VALUES = st.recursive(
    _SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)


def documents(text: str) -> list[object]:
    return [node.plain() for node in read("x", text.encode()).documents]


def test_scalars_are_those_of_kubernetes() -> None:
    plain = {
        "on": True, "No": False, "1_000": 1000, "0o17": 15, "017": 15, "0x1F": 31, "1.5e3": 1500.0,
        ".5": 0.5, "~": None, "": None, "1.2.3": "1.2.3", "2001-01-01": "2001-01-01",
        "!!str 5": "5", "'on'": "on", '"1"': "1", "+1": 1, "08": 8.0, "1e": "1e", "0x": "0x",
    }  # fmt: skip

    for text, value in plain.items():
        assert documents(f"a: {text}") == [{"a": value}], text


def test_a_field_is_on_the_line_of_its_key() -> None:
    text = "a:\n  b:\n    - c: 1\n      d:\n        e: {f: 2,\n            g: 3}\n"

    root = read("x", text.encode()).documents[0]

    paths = [("a",), ("a", "b"), ("a", "b", 0), ("a", "b", 0, "d"), ("a", "b", 0, "d", "e", "g")]
    assert [root.at(*path).line for path in paths] == [1, 2, 3, 4, 6]


def test_aliases_and_merges_give_values_with_their_own_line() -> None:
    text = "base: &base {cpu: 1, memory: 2}\none:\n  <<: *base\n  cpu: 3\ntwo: *base\n"

    root = read("x", text.encode()).documents[0]

    assert root.at("one").plain() == {"cpu": 3, "memory": 2}
    assert root.at("two").plain() == {"cpu": 1, "memory": 2}
    assert root.at("two").line == 5


@given(_VALUES)
def test_what_json_writes_is_read_back(value: object) -> None:
    text = json.dumps({"value": value}, indent=1)

    assert documents(text) == [json.loads(text)]


@given(_VALUES)
def test_what_yaml_writes_is_read_back(value: object) -> None:
    text = yaml.safe_dump({"value": value}, allow_unicode=True)

    assert documents(text)[0] == json.loads(json.dumps(yaml.safe_load(text)))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: [", 3, "it is not YAML"),
        ("a: 1\nb: c: d", 2, "it is not YAML"),
        ("a: 1\n\tb: 2", 2, "it is not YAML"),
        ("a: 1\nb: *nothing", 2, "refers to nothing"),
        ("a: &a [*a]", 1, "or to itself"),
        ("a: 1\nb: \x00", 2, "control character"),
        ("? [a, b]\n: 1", 1, "a key is"),
        ("a: 1\n<<: 2", 2, "merges something"),
        ("[" * 1000, 1, "nested more than 100 deep"),
    ],
)
def test_broken_input_is_named_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        read("file.yaml", text.encode())

    assert said in str(caught.value)
    assert caught.value.where.split(":")[:2] == ["file.yaml", str(line)]


def test_text_that_is_no_utf_8_is_named_with_its_line() -> None:
    with pytest.raises(BadInput, match=r"^x:2: it is not UTF-8"):
        read("x", b"a: 1\nb: \xff")


def test_a_bomb_of_aliases_is_refused_before_it_goes_off() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
    )

    with pytest.raises(BadInput, match="more than 200,000 values"):
        read("x", bomb.encode())


def test_many_small_bombs_are_one_large_one() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 4)
    )

    with pytest.raises(BadInput, match="more than 5,000,000 values"):
        read("x", f"{bomb}---\n".encode() * 1000)


def test_size_and_documents_are_limited() -> None:
    with pytest.raises(BadInput, match="it has 11 characters; expected 10 or less"):
        read("x", b"a: 12345678", Limits(characters=10))
    with pytest.raises(BadInput, match="more than 2 documents"):
        read("x", b"a: 1\n---\na: 1\n---\na: 1\n", Limits(documents=2))


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@,? \n\t~<0.", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read("x", text.encode())
    except BadInput as error:
        assert error.where.startswith("x")
