"""Bad input ends a command with one message, exit code 2, and nothing half-written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.conftest import Phasegate

PROJECT = """\
version: 1
name: bad
data:
  source: data.csv
  label: {column: y}
features:
  numeric: [a]
"""
GOOD_ROWS = b"a,b,y\n" + b"".join(b"%d,%d,%d\n" % (row, row % 7, row % 2) for row in range(300))


def assert_explained(phasegate: Phasegate, said: str, *command: str) -> None:
    ended = phasegate(*command)
    assert ended.code == 2, ended.err
    assert said in ended.err + ended.out
    assert "Traceback" not in ended.err + ended.out


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["run", "absent.yaml"], "there is no such project file"),
        (["show"], "there are no runs"),
        (["show", "nothing"], "there is no run 'nothing'"),
        (["init", "absent.csv"], "there is no such file"),
        (["simulate", "out", "--days", "0"], "days"),
        (["simulate", "out", "--start", "yesterday"], "'yesterday' is not a day"),
        (["simulate", "out", "--change", "flood@2025-01-01"], "flood"),
        (["ui"], "has no tracking data yet"),
        (["run"], "project"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_a_wrong_command_is_explained(phasegate: Phasegate, command: list[str], said: str) -> None:
    assert_explained(phasegate, said, *command)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "data.csv"),
        (b"", "empty"),
        (GOOD_ROWS.replace(b",", b";"), "delimiter"),
        (GOOD_ROWS.replace(b"a,b,y", b"a,b,z"), "y"),
    ],
    ids=["missing", "empty", "wrong delimiter", "no label"],
)
def test_bad_data_ends_the_run_at_ingest(
    phasegate: Phasegate, content: bytes | None, said: str
) -> None:
    data = phasegate.folder / "data.csv"
    data.unlink(missing_ok=True)
    if content is not None:
        data.write_bytes(content)
    assert_explained(phasegate, said, "run", phasegate.project("bad.yaml", PROJECT))
    assert objects(phasegate.workspace) == []
    assert not list(phasegate.workspace.glob("runs/*/*/ingest/snapshot/manifest.json"))


def test_a_label_of_three_values_is_blocked_by_validation(phasegate: Phasegate) -> None:
    rows = b"a,b,y\n" + b"".join(b"%d,%d,%d\n" % (row, row % 7, row % 3) for row in range(300))
    (phasegate.folder / "data.csv").write_bytes(rows)
    ended = phasegate("run", phasegate.project("bad.yaml", PROJECT), "--json")
    assert ended.code == 1, ended.err
    names = [step["name"] for step in ended.json["steps"]]
    assert names[:2] == ["ingest", "validate"]
    assert "featurize" not in names
    assert any("3 different values" in r for r in ended.json["verdicts"]["validate"]["reasons"])


def test_an_unreachable_tracking_server_ends_clearly(
    phasegate: Phasegate, monkeypatch: pytest.MonkeyPatch
) -> None:
    (phasegate.folder / "data.csv").write_bytes(GOOD_ROWS)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("PHASEGATE_RETRY_SECONDS", "1")
    assert_explained(phasegate, "http://127.0.0.1:9", "run", phasegate.project("bad.yaml", PROJECT))


def objects(workspace: Path) -> list[Path]:
    """Files in the workspace's store."""
    return [path for path in (workspace / "store").rglob("*") if path.is_file()]
