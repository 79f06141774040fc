from __future__ import annotations

import fcntl
import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from phasegate.errors import BadInput, Unavailable
from phasegate.network import free_port
from phasegate.release.entry import Entry
from phasegate.release.policy import Gate
from phasegate.release.store import Releases, default_uri, open_releases
from phasegate.release.store.auditing import audited
from phasegate.release.store.place import LIMIT
from tests.release import chains, samples
from tests.release.chains import MODEL
from tests.release.store.writing import files, put


@pytest.fixture
def releases(uri: str) -> Releases:
    return open_releases(uri)


def _written(releases: Releases, chain: list[Entry]) -> list[Entry]:
    for before, entry in zip([None, *chain[:-1]], chain, strict=True):
        assert put(releases, entry, before)
        if entry.evidence:
            record = (before or entry).record
            releases.save_evidence(MODEL, samples.evidence(record, entry.at))
    return chain


def test_a_release_comes_back_as_it_was_written(releases: Releases) -> None:
    assert releases.head(MODEL) is None
    assert releases.models() == []
    assert releases.entries(MODEL) == []
    chain = _written(releases, chains.promoted())
    assert releases.models() == [MODEL]
    assert [entry.to_json() for entry in releases.entries(MODEL)] == [
        entry.to_json() for entry in chain
    ]
    assert releases.head(MODEL).hash == chain[-1].hash
    for before, entry in itertools.pairwise(chain):
        if entry.evidence:
            expected = samples.evidence(before.record, entry.at)
            assert releases.evidence(MODEL, entry.evidence).digest == expected.digest
    found = audited(releases, MODEL, anchor=chain[3].hash)
    assert found.is_intact, found.flaws
    assert found.entries == len(chain)


def test_who_expects_what_is_no_more_is_told_so(releases: Releases) -> None:
    first = chains.start(None, samples.START)
    mine, theirs = (replace(chains.look(first, samples.START), actor=who).sealed() for who in "ab")
    assert releases.swap(MODEL, None, first)
    assert not releases.swap(MODEL, None, replace(first, actor="late").sealed())
    assert releases.swap(MODEL, first, mine)
    assert not releases.swap(MODEL, first, theirs)
    assert releases.head(MODEL).actor == "a"
    # The log got the first entry although nobody appended it.
    assert [entry.hash for entry in releases.entries(MODEL)] == [first.hash]
    assert audited(releases, MODEL).entries == 2


def test_a_swap_that_was_done_already_is_done(releases: Releases) -> None:
    first = chains.start(None, samples.START)
    second = chains.apply(first, samples.START)
    third = chains.look(second, samples.START)
    for _ in range(2):
        assert releases.swap(MODEL, None, first)
        releases.append(first)
    assert releases.swap(MODEL, first, second)
    assert releases.swap(MODEL, second, third)
    assert releases.swap(MODEL, first, second)
    assert releases.head(MODEL).hash == third.hash


def test_what_does_not_follow_or_is_not_sealed_is_the_callers_mistake(releases: Releases) -> None:
    first = chains.start(None, samples.START)
    second = chains.apply(first, samples.START)
    with pytest.raises(ValueError, match="does not follow"):
        releases.swap(MODEL, None, second)
    with pytest.raises(ValueError, match="does not follow"):
        releases.swap("another", None, first)
    with pytest.raises(ValueError, match="not sealed"):
        releases.swap(MODEL, None, replace(first, actor="x"))
    with pytest.raises(ValueError, match="not sealed"):
        releases.append(replace(first, actor="x"))
    unreadable = replace(first, record=replace(first.record, settled=1)).sealed()
    with pytest.raises(ValueError, match="is not bool"):
        releases.swap(MODEL, None, unreadable)
    assert releases.models() == []


def test_a_fork_is_refused_and_the_file_is_named(releases: Releases) -> None:
    first = chains.start(None, samples.START)
    other = replace(first, actor="another").sealed()
    releases.append(first)
    releases.append(first)
    with pytest.raises(BadInput, match=r"audit/00000001\.json: something else is written here"):
        releases.append(other)
    # The log begins already, and there is no record: somebody took it away.
    with pytest.raises(BadInput, match=r"audit/00000001\.json: something else is written here"):
        releases.swap(MODEL, None, other)
    assert releases.head(MODEL) is None
    assert releases.swap(MODEL, None, first)


def test_whole_numbers_where_fractions_may_be_keep_their_digest(releases: Releases) -> None:
    phase = replace(samples.policy().phases[0], gates=(Gate("psi", 1, weight=2),))
    entry = chains.start(None, samples.START)
    changed = replace(entry.record, policy=samples.policy(phases=(phase,)))
    _written(releases, [replace(entry, record=changed).sealed()])
    assert releases.head(MODEL).record.policy == changed.policy
    assert audited(releases, MODEL).is_intact


def test_evidence_that_is_missing_is_named(releases: Releases) -> None:
    with pytest.raises(BadInput, match=f"evidence/{'a' * 64}.json: the evidence is missing"):
        releases.evidence(MODEL, "a" * 64)
    with pytest.raises(BadInput, match="is not a digest"):
        releases.evidence(MODEL, "../record")


@pytest.mark.parametrize("model", ["", "..", "a/b", ".hidden", "a b", "é", "a" * 201])
def test_a_name_that_leaves_its_folder_is_refused(releases: Releases, model: str) -> None:
    with pytest.raises(BadInput, match="is no name of a model"):
        releases.head(model)
    with pytest.raises(BadInput, match="is no name of a model"):
        releases.entries(model)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "this is no JSON object"),
        (b"\xff\xfe", "this is no JSON object"),
        (b"[" * 100_000, "this is no JSON object"),
        (b"[]", "this is no JSON object"),
        (b"{}", "this is no Entry"),
        (b'{"sequence":NaN}', "this is no Entry"),
        (b" " * (LIMIT + 1), f"{LIMIT + 1:,} bytes; expected {LIMIT:,} at most"),
    ],
)
def test_a_file_that_is_none_of_ours_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    releases = open_releases(str(tmp_path))
    _written(releases, chains.promoted())
    record = tmp_path / "releases" / MODEL / "record.json"
    logged = record.parent / "audit" / "00000002.json"
    for path in (record, logged):
        path.chmod(0o644)
        path.write_bytes(content)
    with pytest.raises(BadInput, match=f"record.json: {what}"):
        releases.head(MODEL)
    with pytest.raises(BadInput, match=f"00000002.json: {what}"):
        releases.entries(MODEL)
    found = audited(releases, MODEL)
    assert [flaw.sequence for flaw in found.flaws] == [0, 2]
    assert all(what in flaw.what for flaw in found.flaws)


def test_a_record_that_was_edited_moves_nothing(tmp_path: Path) -> None:
    releases = open_releases(str(tmp_path))
    _written(releases, [chains.start(None, samples.START)])
    record = tmp_path / "releases" / MODEL / "record.json"
    value = json.loads(record.read_bytes())
    value["record"]["phase"] = 3
    record.write_text(json.dumps(value, sort_keys=True, separators=(",", ":")))
    with pytest.raises(BadInput, match=r"record\.json: the record was edited"):
        releases.head(MODEL)
    assert not audited(releases, MODEL).is_intact


def test_files_that_changed_places_names_or_content_are_found(tmp_path: Path) -> None:
    releases = open_releases(str(tmp_path))
    chain = _written(releases, chains.promoted())
    log = tmp_path / "releases" / MODEL / "audit"
    (log / "00000004.json").rename(log / "aside")
    (log / "00000005.json").rename(log / "00000004.json")
    (log / "aside").rename(log / "00000005.json")
    (log / "notes.txt").write_text("hello")
    kept = log.parent / "evidence" / f"{chain[2].evidence}.json"
    kept.chmod(0o644)
    kept.write_bytes(kept.read_bytes().replace(b"shadow", b"canary"))
    flaws = [(flaw.sequence, flaw.what) for flaw in audited(releases, MODEL).flaws]
    assert flaws[0] == (0, "the log has a file that is no entry: notes.txt")
    assert [sequence for sequence, _ in flaws[1:]] == [3, 4, 5]
    assert "the evidence was altered" in flaws[1][1]
    assert "the file holds entry 5" in flaws[2][1]
    with pytest.raises(BadInput, match=r"00000004\.json: the file holds entry 5"):
        releases.entries(MODEL)


def test_reading_makes_nothing(tmp_path: Path) -> None:
    releases = open_releases(default_uri(tmp_path / "workspace"))
    assert releases.head(MODEL) is None
    assert releases.models() == []
    with pytest.raises(BadInput, match=f"no releases of {MODEL} are kept here"):
        audited(releases, MODEL)
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_is_not_given_back_is_told_in_the_time_allowed(tmp_path: Path) -> None:
    first = chains.start(None, samples.START)
    _written(open_releases(str(tmp_path)), [first])
    with open(tmp_path / "releases" / MODEL / ".record.json.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = open_releases(str(tmp_path), retry_seconds=0.1)
        with pytest.raises(Unavailable, match=r"held the lock for 0\.1 s"):
            waiting.swap(MODEL, first, chains.apply(first, samples.START))
    assert waiting.swap(MODEL, first, chains.apply(first, samples.START))
    assert files(str(tmp_path)) == {f"{MODEL}/record.json", f"{MODEL}/audit/00000001.json"}


def test_an_unreachable_bucket_is_given_up_in_the_time_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable, match=r"did not answer within 0\.5 s"):
        open_releases("gs://bucket", retry_seconds=0.5).head(MODEL)
