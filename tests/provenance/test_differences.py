from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from phasegate.provenance import Environment, environment_differences, section_differences

from .conftest import LOCK

NAMES = st.text("abcdef", min_size=1, max_size=4)
VALUES = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.none(), NAMES),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)
HERE = Environment(
    git_commit="abc",
    code={"phasegate/a.py": "1", "phasegate/b.py": "2"},
    image="",
    lock=LOCK,
    libraries={"python": "3.11.7", "xgboost-cpu": "3.2.0"},
    cpu={"architecture": "x86_64", "vectors": "avx2"},
)


def explain(**changed) -> list[str]:
    return [str(one) for one in environment_differences(HERE, replace(HERE, **changed))]


def test_nothing_differs_from_itself() -> None:
    assert explain() == []


def test_a_commit_alone_is_no_difference_because_the_files_are_compared() -> None:
    assert explain(git_commit="def+dirty", image="other") == []


def test_files_are_named() -> None:
    changed = explain(code={"phasegate/a.py": "9", "phasegate/b.py": ""})

    assert changed == [
        "code: phasegate/a.py was changed",
        "code: phasegate/b.py was removed",
    ]


def test_packages_of_the_lock_are_named() -> None:
    assert explain(lock=LOCK.replace("2.4.6", "2.4.7")) == ["lock: numpy was 2.4.6, is 2.4.7"]
    assert explain(lock=LOCK.replace("bbbb", "dddd")) == ["lock: numpy 2.4.6 has other hashes"]
    forked = "numpy==2.4.6 ; x < '3.12'\nnumpy==2.5.5 ; x >= '3.12'\n"
    (difference,) = environment_differences(
        replace(HERE, lock=forked),
        replace(HERE, lock=forked.replace("2.4.6", "2.4.5")),
    )
    assert "numpy was 2.4.6 ; x < '3.12', 2.5.5" in str(difference)
    assert explain(lock=LOCK + "six==1.0\n") == ["lock: six was absent, is 1.0"]
    assert explain(lock=LOCK + "# by hand\n") == [
        "lock: its text differs, though it locks the same packages"
    ]


def test_libraries_and_processor_are_named() -> None:
    assert explain(libraries={"python": "3.11.9"}) == [
        "libraries: python was 3.11.7, is 3.11.9",
        "libraries: xgboost-cpu was 3.2.0, is absent",
    ]
    assert explain(cpu={"architecture": "aarch64", "vectors": "avx2"}) == [
        "cpu: architecture was x86_64, is aarch64"
    ]


def test_a_parameter_is_named_with_both_values() -> None:
    before = {"training": {"parameters": {"max_depth": 6}, "seed": 7}, "split": {"test": 0.2}}
    after = {"training": {"parameters": {"max_depth": 8}, "seed": 7}}

    assert [str(one) for one in section_differences(before, after)] == [
        "parameters: training.parameters.max_depth was 6, is 8"
    ]


def test_threads_are_no_difference() -> None:
    before, after = {"training": {"threads": 1}}, {"training": {"threads": 8}}

    assert section_differences(before, after) == []


@given(sections=st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=4), max_size=3))
def test_equal_sections_do_not_differ(sections) -> None:
    assert section_differences(sections, sections) == []


@given(
    before=st.dictionaries(NAMES, st.integers(), min_size=1, max_size=5),
    change=st.data(),
)
def test_exactly_the_changed_parameter_is_named(before, change) -> None:
    name = change.draw(st.sampled_from(sorted(before)))
    after = {**before, name: before[name] + 1}

    (found,) = section_differences({"training": before}, {"training": after})

    assert found.what == f"training.{name} was {before[name]}, is {before[name] + 1}"
