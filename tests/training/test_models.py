from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from phasegate.digests import digest_files
from phasegate.errors import BadInput
from phasegate.models import CATEGORICAL, FILES, NUMERIC, Input, Model, encode
from phasegate.training.train import train_model

from .examples import features, plan

INPUTS = (Input("amount", NUMERIC), Input("kind", CATEGORICAL))
KNOWN = {"kind": ("a", "b")}


@pytest.fixture(scope="module")
def model() -> Model:
    return train_model(features(), plan()).model


def test_a_loaded_model_is_the_saved_one(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path)

    loaded = Model.load(tmp_path, model.digest)

    rows = features(200, seed=5)
    assert loaded.digest == model.digest == digest_files(tmp_path, FILES)
    assert (loaded.score(loaded.matrix(rows)) == model.score(model.matrix(rows))).all()


def test_one_row_scores_as_it_does_among_many(model: Model) -> None:
    matrix = model.matrix(features(200, seed=5))

    alone = np.concatenate([model.score(matrix[row : row + 1]) for row in range(len(matrix))])

    assert (alone == model.score(matrix)).all()


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_refused(model: Model, tmp_path: Path, name: str) -> None:
    model.save(tmp_path)
    data = bytearray((tmp_path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / name).write_bytes(data)

    with pytest.raises(BadInput, match="the model's digest is"):
        Model.load(tmp_path, model.digest)


def test_a_damaged_booster_is_bad_input_even_where_no_digest_is_known(
    model: Model, tmp_path: Path
) -> None:
    model.save(tmp_path)
    (tmp_path / "model.ubj").write_bytes(b"{}")

    with pytest.raises(BadInput, match="the booster cannot be read"):
        Model.load(tmp_path).score(np.zeros((1, 4), np.float32))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}'])
def test_a_description_that_is_not_one_is_bad_input(
    model: Model, tmp_path: Path, text: str
) -> None:
    model.save(tmp_path)
    (tmp_path / "model.json").write_text(text)

    with pytest.raises(BadInput):
        Model.load(tmp_path)


def test_a_folder_without_a_model_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"model\.json"):
        Model.load(tmp_path)


def test_no_rows_have_no_scores(model: Model) -> None:
    assert model.score(model.matrix(features(4).slice(0, 0))).shape == (0,)


def test_a_score_at_the_threshold_is_positive(model: Model) -> None:
    below = np.nextafter(model.threshold, 0)

    assert model.decide(np.array([below, model.threshold])).tolist() == [0, 1]


def test_unseen_and_missing_categories_are_missing() -> None:
    matrix = encode({"amount": [1, 2, 3, None], "kind": ["b", "z", None, "a"]}, INPUTS, KNOWN)

    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix[:, 0], np.float32([1, 2, 3, np.nan]))
    np.testing.assert_array_equal(matrix[:, 1], np.float32([1, np.nan, np.nan, 0]))


@pytest.mark.parametrize(
    "kinds",
    [
        pa.chunked_array([["b"], ["a"]]),
        pa.array(["b", "a"]).dictionary_encode(),
        pa.array(["b", "a"], pa.large_string()),
        np.array(["b", "a"], dtype=object),
    ],
)
def test_the_same_categories_in_any_container_encode_alike(kinds) -> None:
    matrix = encode({"amount": np.array([1.0, 2.0]), "kind": kinds}, INPUTS, KNOWN)

    assert matrix.tolist() == [[1, 1], [2, 0]]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"amount": [1]}, "missing columns: kind"),
        ({"amount": ["1"], "kind": ["a"]}, "'amount': values of type string"),
        ({"amount": [float("inf")], "kind": ["a"]}, "'amount': an infinite value"),
        ({"amount": [1e39], "kind": ["a"]}, "beyond float32"),
        ({"amount": [1], "kind": [1.0]}, "'kind': values of type double"),
        ({"amount": [1, "x"], "kind": ["a", "b"]}, "not of one type"),
        ({"amount": [1, 2], "kind": ["a"]}, "'kind' has 1 values"),
    ],
)
def test_columns_that_do_not_fit_are_named(columns, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        encode(columns, INPUTS, KNOWN)


def test_scoring_does_not_import_scikit_learn_and_leaves_it_importable() -> None:
    code = (
        "import sys; from phasegate.models.booster import import_xgboost; import_xgboost();"
        "assert 'sklearn' not in sys.modules; import sklearn.isotonic"
    )

    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
