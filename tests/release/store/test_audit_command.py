from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from phasegate.cli.__main__ import main
from phasegate.cli.console import err
from phasegate.errors import ExitCode
from phasegate.release.store import default_uri, open_releases
from tests.release import chains, samples
from tests.release.chains import MODEL
from tests.release.store.writing import put


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a promoted release."""
    monkeypatch.setenv("PHASEGATE_WORKSPACE", str(tmp_path))
    releases = open_releases(default_uri(tmp_path))
    before = None
    for entry in chains.promoted():
        assert put(releases, entry, before)
        if entry.evidence:
            releases.save_evidence(MODEL, samples.evidence(before.record, entry.at))
        before = entry
    return tmp_path


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Standard error, whose stream the command keeps from when it was loaded."""
    stream = io.StringIO()
    monkeypatch.setattr(err, "file", stream)
    return stream


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["phasegate", "audit", *arguments])
    return main()


@pytest.mark.usefixtures("workspace")
def test_an_intact_log_passes_and_its_head_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, "verify", "--json") == ExitCode.PASSED
    found = json.loads(capsys.readouterr().out)[MODEL]
    head = chains.promoted()[-1].hash
    assert found == {"intact": True, "entries": 10, "head": head, "flaws": []}
    assert _run(monkeypatch, "verify", MODEL, "--anchor", head) == ExitCode.PASSED
    assert f"{MODEL} intact, 10 entries" in capsys.readouterr().out
    assert _run(monkeypatch, "verify", MODEL, "--anchor", "f" * 64) == ExitCode.BLOCKED


def test_a_log_with_an_edited_entry_does_not_pass(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = workspace / "store" / "releases" / MODEL / "audit" / "00000003.json"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"guard"', b'"eve"'))
    assert _run(monkeypatch, "verify") == ExitCode.BLOCKED
    assert "entry 3: it was edited: its hash is not that of its content" in capsys.readouterr().out


def test_the_log_is_shown_and_exported_whole(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = chains.promoted()
    assert _run(monkeypatch, "log", MODEL) == ExitCode.PASSED
    shown = capsys.readouterr().out
    assert "2025-03-03 00:00:00  guard   advance" in shown
    assert chains.WHY in shown

    assert _run(monkeypatch, "log", "--json") == ExitCode.PASSED
    printed = capsys.readouterr().out
    assert [json.loads(line) for line in printed.splitlines()] == [one.to_json() for one in chain]
    target = workspace / "export.jsonl"
    assert _run(monkeypatch, "log", "-o", str(target)) == ExitCode.PASSED
    assert target.read_text() == printed


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["verify", "nobody"], "no releases of nobody are kept here"),
        (["log", "nobody"], "no audit log of nobody is kept here"),
        (["verify", "../x"], "is no name of a model"),
        (["verify", "--store", "ftp://x"], "is not a kind of store"),
        (["log", "-o", "/nowhere/at/all"], "it cannot be written"),
    ],
)
@pytest.mark.usefixtures("workspace")
def test_bad_input_is_told_in_one_message(
    arguments: list[str],
    what: str,
    said: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _run(monkeypatch, *arguments) == ExitCode.BAD_INPUT
    assert what in said.getvalue()


def test_an_empty_store_is_told(
    tmp_path: Path, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _run(monkeypatch, "verify", "--workspace", str(tmp_path)) == ExitCode.BAD_INPUT
    assert "no releases are kept here. --store says where they are" in said.getvalue()
