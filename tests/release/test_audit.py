from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.release.audit import Chain, Damaged, Flaw, verify
from phasegate.release.entry import Entry
from phasegate.release.store.documents import content_of, read_entry
from tests.release import chains, samples


def _sound(_: str) -> str:
    return ""


def _verify(entries: list[Entry | Damaged], head: Entry | Damaged | None, **more: Any) -> Chain:
    return verify(entries, head, _sound, **more)


def _read(content: bytes, sequence: int) -> Entry | Damaged:
    try:
        return read_entry(content, "file")
    except BadInput as error:
        return Damaged(sequence, str(error))


@given(chains.chains())
def test_what_the_transitions_make_is_intact_as_it_stands_and_before_its_end_is_logged(
    chain: list[Entry],
) -> None:
    found = _verify(chain, chain[-1], anchor=chain[0].hash)
    assert (found.is_intact, found.flaws) == (True, ())
    assert (found.entries, found.head) == (len(chain), chain[-1].hash)
    assert _verify(chain[:-1], chain[-1]) == found


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, dict | list):
            yield from _paths(item, (*path, key))
        else:
            yield (*path, key)


def _edits(value: Any) -> list[Any]:
    match value:
        case bool():
            return [not value, None, int(value)]
        case str():
            return [value + "x", value[1:] if value else " ", value.swapcase() + " ", None]
        case int() | float():
            return [value + 1, -value - 1, str(value), float(value) + 0.5, None]
        case None:
            return [0, "", "2025-03-01T00:00:00+00:00", False, {}]
        case list():
            return [value[1:] if value else [0], [*value, *value[:1]] if value else [None], None]
        case _:
            return [{}, {**value, "extra": 1}, None]


@given(chains.chains(most=8), st.data())
def test_an_edit_of_any_field_of_an_entry_or_of_the_record_is_found(
    chain: list[Entry], data: st.DataObject
) -> None:
    where = data.draw(st.integers(0, len(chain)))
    original = chain[min(where, len(chain) - 1)]
    edited = copy.deepcopy(original.to_json())
    path = data.draw(st.sampled_from(sorted(_paths(edited), key=str)))
    holder = edited
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = data.draw(st.sampled_from(_edits(holder[path[-1]])))
    if canonical_json(edited) == content_of(original):
        return
    entry = _read(canonical_json(edited), original.sequence)
    entries: list[Entry | Damaged] = list(chain)
    head: Entry | Damaged = chain[-1]
    if where == len(chain):
        head = entry
    else:
        entries[where] = entry
    assert not _verify(entries, head).is_intact, path


@given(chains.chains(most=3), st.data())
def test_a_change_of_any_byte_of_a_file_is_found(chain: list[Entry], data: st.DataObject) -> None:
    where = data.draw(st.integers(0, len(chain) - 1))
    content = content_of(chain[where])
    at = data.draw(st.integers(0, len(content) - 1))
    other = bytes([content[at] ^ data.draw(st.integers(1, 255))])
    changed = data.draw(
        st.sampled_from(
            [
                content[:at] + other + content[at + 1 :],
                content[:at] + content[at + 1 :],
                content[:at] + b" " + content[at:],
                content[:at],
                content + content[at:],
            ]
        )
    )
    entries: list[Entry | Damaged] = list(chain)
    entries[where] = _read(changed, where + 1)
    assert not _verify(entries, chain[-1]).is_intact


@given(chains.chains(least=2), st.data())
def test_an_edit_that_was_sealed_again_is_found_by_what_follows(
    chain: list[Entry], data: st.DataObject
) -> None:
    where = data.draw(st.integers(0, len(chain) - 1))
    entries = list(chain)
    entries[where] = replace(chain[where], reason="another reason, as good").sealed()
    flaws = _verify(entries, chain[-1]).flaws
    if where == len(chain) - 1:
        assert flaws == (Flaw(0, f"the record is not what entry {where + 1} says"),)
    else:
        assert flaws == (Flaw(where + 2, "it follows another entry than the one before it"),)


def test_a_field_that_stands_there_twice_is_found() -> None:
    (entry,) = [chains.start(None, samples.START)]
    content = content_of(entry).replace(b'{"action"', b'{"action":"look","action"', 1)
    assert json.loads(content) == entry.to_json()
    with pytest.raises(BadInput, match="not as they were written"):
        read_entry(content, "file")


@given(chains.chains(least=2), st.data())
def test_deleted_repeated_and_reordered_entries_are_found(
    chain: list[Entry], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(chain) - 1))
    second = data.draw(st.integers(0, len(chain) - 1).filter(lambda other: other != first))

    without = chain[:first] + chain[first + 1 :]
    # The last entry is in the record, whole: it is what a writer leaves that died in between.
    assert _verify(without, chain[-1]).is_intact == (first == len(chain) - 1)

    swapped = list(chain)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    assert not _verify(swapped, chain[-1]).is_intact

    repeated = [*chain[: second + 1], chain[first], *chain[second + 1 :]]
    assert not _verify(repeated, chain[-1]).is_intact


@given(chains.chains(least=3), st.data())
def test_an_end_that_was_cut_off_and_a_record_that_was_put_back_are_found(
    chain: list[Entry], data: st.DataObject
) -> None:
    kept = data.draw(st.integers(0, len(chain) - 2))
    assert not _verify(chain[:kept], chain[-1]).is_intact
    assert not _verify(chain, chain[kept]).is_intact
    assert not _verify(chain, None).is_intact
    # Both put back alike is a sound log of an earlier day; only what was noted elsewhere tells.
    both = chain[: kept + 1]
    assert _verify(both, both[-1]).is_intact
    assert not _verify(both, both[-1], anchor=chain[-1].hash).is_intact


def test_a_flaw_names_its_entry_and_what_is_wrong() -> None:
    chain = chains.promoted()
    edited = replace(chain[2], actor="eve")
    found = _verify([*chain[:2], edited, *chain[3:6], *chain[7:]], chain[-1])
    assert [(flaw.sequence, flaw.what) for flaw in found.flaws[:2]] == [
        (3, "it was edited: its hash is not that of its content"),
        (8, "entry 7 is missing before it"),
    ]


def test_evidence_that_is_missing_or_altered_is_found() -> None:
    chain = chains.promoted()
    digest = chain[2].evidence
    assert digest
    found = verify(chain, chain[-1], lambda one: "it is missing" if one == digest else "")
    assert [(flaw.sequence, flaw.what) for flaw in found.flaws] == [
        (3, "its evidence: it is missing")
    ]


def test_nothing_is_intact() -> None:
    assert _verify([], None) == Chain(0, "", ())


@settings(max_examples=20)
@given(st.text(max_size=40))
def test_reasons_of_any_text_are_kept(reason: str) -> None:
    entry = replace(chains.start(None, samples.START), reason=reason).sealed()
    assert _verify([read_entry(content_of(entry), "file")], entry).is_intact
