"""Artifacts keep what their type promises, on both ends."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phasegate.contracts import (
    Artifact,
    Check,
    ContractViolation,
    FeatureSet,
    Judgement,
    Outcome,
    TrainedModel,
    Verdict,
)

WHERE = "train: input feature_set (FeatureSet)"


def features(**changes: object) -> FeatureSet:
    values = {"rows": 3, "columns": 2, "snapshot_digest": "a" * 64, "definitions_digest": "b" * 64}
    return FeatureSet(**{**values, **changes})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "features.parquet").write_bytes(b"PAR1")
    return tmp_path


def test_what_was_written_is_read_back_equal(folder: Path) -> None:
    written = features().stored_at(folder, WHERE)
    assert FeatureSet.from_metadata(written.metadata, folder, WHERE) == written


def test_integers_survive_kfp_which_returns_them_as_floats(folder: Path) -> None:
    written = features().stored_at(folder, WHERE)
    returned = {k: float(v) if isinstance(v, int) else v for k, v in written.metadata.items()}
    read = FeatureSet.from_metadata(returned, folder, WHERE)
    assert read.rows == 3
    assert isinstance(read.rows, int)


def test_a_changed_file_is_refused_by_name(folder: Path) -> None:
    written = features().stored_at(folder, WHERE)
    (folder / "features.parquet").write_bytes(b"PAR2")
    with pytest.raises(ContractViolation, match=r"train: input feature_set .*were changed after"):
        FeatureSet.from_metadata(written.metadata, folder, WHERE)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "features.parquet").unlink()
    with pytest.raises(ContractViolation, match=r"features\.parquet is missing"):
        features().stored_at(folder, WHERE)


@pytest.mark.parametrize("wrong", ["3", None, True, 2.5, math.nan])
def test_a_value_of_the_wrong_type_names_the_field(folder: Path, wrong: object) -> None:
    with pytest.raises(ContractViolation, match="metadata rows is"):
        features(rows=wrong).stored_at(folder, WHERE)


def test_an_absent_key_is_named(folder: Path) -> None:
    metadata = features().stored_at(folder, WHERE).metadata
    del metadata["snapshot_digest"]
    with pytest.raises(ContractViolation, match="metadata has no snapshot_digest"):
        FeatureSet.from_metadata(metadata, folder, WHERE)


def test_an_unknown_key_of_a_newer_version_is_left_alone(folder: Path) -> None:
    metadata = features().stored_at(folder, WHERE).metadata
    FeatureSet.from_metadata({**metadata, "added_later": 1}, folder, WHERE)


def test_the_digest_of_several_files_depends_on_each(tmp_path: Path) -> None:
    digests = set()
    for first, second in (("a", "b"), ("b", "a"), ("a", "a")):
        (tmp_path / "model.json").write_text(first)
        (tmp_path / "model.ubj").write_text(second)
        digests.add(TrainedModel.digest_at(tmp_path))
    assert len(digests) == 3


@pytest.mark.parametrize("kind", Artifact.__subclasses__())
def test_every_type_documents_itself_and_keeps_metadata_flat(kind: type[Artifact]) -> None:
    assert kind.schema_title == f"system.{kind.__name__}"
    assert kind.__doc__
    assert kind.FILES
    for name, (of, doc) in kind.fields().items():
        assert of in (str, int, float), name
        assert doc, name


checks = st.builds(Check, st.text(), st.sampled_from(Outcome), st.text(), st.text(), st.text())


@given(st.lists(checks))
def test_a_judgement_passes_only_if_every_check_does(made: list[Check]) -> None:
    judgement = Judgement("evaluate", "s", "d", tuple(made))
    everything_passed = bool(made) and all(c.outcome is Outcome.PASS for c in made)
    assert (judgement.outcome is Outcome.PASS) == everything_passed
    assert bool(judgement.reasons) != everything_passed
    assert Judgement.from_json(judgement.to_json()) == judgement


def test_an_outcome_edited_in_the_file_is_not_believed(tmp_path: Path) -> None:
    check = Check("precision", Outcome.BLOCK, "0.7", "0.9", "too low")
    text = Judgement("evaluate", "s", "d", (check,)).to_json()
    forged = text.replace(b'"outcome":"BLOCK","subject', b'"outcome":"PASS","subject')
    assert forged != text
    (tmp_path / "verdict.json").write_bytes(forged)
    verdict = Verdict(gate="evaluate", outcome="PASS", subject_digest="s", data_digest="d")
    stored = verdict.stored_at(tmp_path, "evaluate: output verdict")
    assert stored.judgement().outcome is Outcome.BLOCK
