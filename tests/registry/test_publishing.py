"""A model's files where servers on a cluster fetch them from."""

from pathlib import Path

import pytest

from phasegate.digests import digest_files
from phasegate.errors import BadInput
from phasegate.registry.models import MODEL_FILES
from phasegate.registry.publishing import publish
from phasegate.store.named import open_named
from tests.store.emulator import storage_emulator

BUCKET = "phasegate-models"


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch):
    with storage_emulator(BUCKET) as address:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        yield f"gs://{BUCKET}/fraud"


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    """A version as the registry hands it over."""
    folder = tmp_path / "fetched"
    for name in ("model/model.json", "model/model.ubj", "profile/profile.json", "provenance/p"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def test_a_pod_finds_the_model_and_the_reference_of_its_monitoring(models, fetched, tmp_path):
    digest = digest_files(fetched / "model", MODEL_FILES)
    address = publish(fetched, digest, models, tmp_path / "back")
    assert address == f"{models}/{digest}"
    assert open_named(address).names() == ["model.json", "model.ubj", "profile/profile.json"]


def test_publishing_again_after_it_was_cut_off_adds_what_is_missing(models, fetched, tmp_path):
    digest = digest_files(fetched / "model", MODEL_FILES)
    open_named(models).create(f"{digest}/model.json", fetched / "model" / "model.json")
    publish(fetched, digest, models, tmp_path / "back")
    assert "model.ubj" in open_named(f"{models}/{digest}").names()


def test_other_bytes_under_a_digest_are_refused(models, fetched, tmp_path):
    digest = digest_files(fetched / "model", MODEL_FILES)
    open_named(models).create(f"{digest}/model.json", fetched / "provenance" / "p")
    with pytest.raises(BadInput, match="other bytes"):
        publish(fetched, digest, models, tmp_path / "back")


def test_a_folder_of_this_machine_is_no_place_for_a_cluster(fetched, tmp_path):
    with pytest.raises(BadInput, match="gs://"):
        publish(fetched, "0" * 64, str(tmp_path / "models"), tmp_path / "back")
