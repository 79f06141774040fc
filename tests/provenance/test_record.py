from __future__ import annotations

import json
from pathlib import Path

import pytest

from phasegate.errors import BadInput
from phasegate.provenance import observe_environment, read_record

from .conftest import LOCK, Trained


def test_it_survives_its_files(trained: Trained) -> None:
    assert read_record(trained.folder / "provenance") == trained.record


def test_it_holds_what_a_model_is_made_from(trained: Trained) -> None:
    document = json.loads((trained.folder / "provenance" / "provenance.json").read_bytes())

    assert document["snapshot"]["digest"] == trained.record.snapshot_digest
    assert (document["seed"], document["threads"]) == (7, 1)
    assert document["parameters"] == {"max_depth": 3, "learning_rate": 0.3, "subsample": 0.8}
    assert document["environment"]["libraries"].keys() >= {"python", "numpy", "xgboost-cpu"}
    assert document["environment"]["cpu"].keys() == {"architecture", "vectors"}
    assert (trained.folder / "provenance" / "lock.txt").read_text() == LOCK


def test_the_code_is_what_computed_features_and_trained(trained: Trained) -> None:
    files = trained.record.environment.code

    assert {"phasegate/training/split.py", "phasegate/features/compute.py"} <= files.keys()
    assert all(name.split("/")[0] in ("phasegate", "components") for name in files)
    assert all(len(digest) == 64 for digest in files.values())


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("lock.txt", "2.4.6", "2.4.7"), ("provenance.json", '"rows":2500', '"rows":2501')],
)
def test_a_changed_lock_or_manifest_is_refused(trained: Trained, name, old, new) -> None:
    path = trained.folder / "provenance" / name
    path.write_text(path.read_text().replace(old, new))

    with pytest.raises(BadInput, match="the document says"):
        read_record(trained.folder / "provenance")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 9}'])
def test_a_document_that_is_none_is_bad_input(trained: Trained, text: str) -> None:
    (trained.folder / "provenance" / "provenance.json").write_text(text)

    with pytest.raises(BadInput):
        read_record(trained.folder / "provenance")


def test_an_absent_lock_is_bad_input(lock: Path) -> None:
    lock.unlink()

    with pytest.raises(BadInput, match="PHASEGATE_LOCK"):
        observe_environment()


def test_an_image_says_its_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_GIT_COMMIT", "0123abc")
    monkeypatch.setenv("PHASEGATE_IMAGE", "registry/core@sha256:1")

    found = observe_environment()

    assert (found.git_commit, found.image) == ("0123abc", "registry/core@sha256:1")
