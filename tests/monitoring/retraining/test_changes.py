"""Changes under a model, from its releases and from the journal."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from phasegate.cli.__main__ import main
from phasegate.errors import ExitCode
from phasegate.monitoring.retraining.changes import journal_changes, release_changes
from phasegate.monitoring.retraining.journal import open_journal
from phasegate.release import transitions
from phasegate.release.store import default_uri
from tests.monitoring.retraining.samples import DAY
from tests.release import chains
from tests.release.chains import MODEL


def test_a_promotion_is_a_change_and_its_rollback_takes_it_back() -> None:
    entries = chains.promoted()
    (change,) = release_changes(entries)
    promoted = next(entry for entry in entries if entry.action == "finish")
    assert (change.at, change.undone, change.undone_at) == (promoted.at, False, None)
    assert change.model_digest == promoted.record.challenger.digest
    assert change.release == promoted.record.release
    later = entries[-1].at + DAY
    back = transitions.rolled_back(entries[-1], later, "ada", "it is worse than before")
    (change,) = release_changes([*entries, back])
    assert (change.undone, change.undone_at) == (True, later)


def test_a_release_that_was_never_promoted_changed_nothing() -> None:
    assert release_changes(chains.promoted()[:3]) == []


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the command; its exit code and what it said."""
    monkeypatch.setenv("PHASEGATE_WORKSPACE", str(tmp_path))

    def command(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["phasegate", *arguments])
        code = main()
        return code, capsys.readouterr().out

    return command


def test_a_change_is_announced_once_listed_and_taken_back(run, tmp_path: Path) -> None:
    announce = ("change", "announce", "--model", MODEL, "--kind", "pipeline",
                "--what", "feature pipeline v14", "--at", "2025-05-01T12:00:00+02:00")  # fmt: skip
    for _ in range(2):
        code, said = run(*announce)
        assert (code, "change 1:" in said, "2025-05-01 10:00" in said) == (0, True, True)
    why = ("--reason", "it broke the device feature", "--at", "2025-05-03")
    assert run("change", "undone", "1", "--model", MODEL, *why)[0] == ExitCode.PASSED
    code, said = run("change", "list", "--model", MODEL, "--json")
    (listed,) = json.loads(said)
    assert (listed["change"], listed["kind"], listed["undone"]) == ("1", "pipeline", True)
    journal = open_journal(default_uri(tmp_path), MODEL)
    (change,) = journal_changes(journal.entries())
    assert f"{change.undone_at:%Y-%m-%d}" == "2025-05-03"
    code, said = run("audit", "verify", "--json")
    assert (code, json.loads(said)[f"{MODEL} monitoring"]["entries"]) == (ExitCode.PASSED, 2)
    assert "change undone" in run("audit", "log", MODEL)[1]
    path = tmp_path / "store" / "monitoring" / MODEL / "journal" / "00000001.json"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content.replace(b"v14", b"v13"))
    assert run("audit", "verify", MODEL)[0] == ExitCode.BLOCKED


@pytest.mark.parametrize(
    "arguments",
    [
        ("undone", "7", "--model", MODEL, "--reason", "it broke the device feature"),
        ("undone", "1", "--model", MODEL, "--reason", "short"),
        ("announce", "--model", "no/name", "--kind", "schema", "--what", "v2"),
        ("announce", "--model", MODEL, "--kind", "schema", "--what", " "),
        ("announce", "--model", MODEL, "--kind", "release", "--what", "v2"),
        ("announce", "--model", MODEL, "--kind", "schema", "--what", "v2", "--at", "soon"),
    ],
)
def test_what_cannot_be_is_refused(run, arguments: tuple[str, ...]) -> None:
    assert run("change", *arguments)[0] == ExitCode.BAD_INPUT
