"""A model folder: ``model.ubj`` and ``model.json``, identified by one digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from phasegate.digests import canonical_json, digest_bytes, digest_json
from phasegate.errors import BadInput
from phasegate.models.booster import import_xgboost
from phasegate.models.calibration import Calibration
from phasegate.models.encoding import Input, encode

if TYPE_CHECKING:
    import pyarrow as pa
    import xgboost

BOOSTER, HEADER = "model.ubj", "model.json"
FILES = (HEADER, BOOSTER)
VERSION = 1


@dataclass(frozen=True, eq=False)
class Model:
    """A binary classifier of rows: what it reads, how it scores, and where it decides.

    Attributes:
        inputs: the columns of the matrix, in order.
        encoding: categorical input -> its categories; a category's code is its position.
        threshold: a score at or above it is decided 1.
        label: the label's column, and the value that means 1.
        definitions: the feature definitions that the inputs came from.
        libraries: versions that made the booster.
        booster: the XGBoost model, UBJSON.
        threads: used for prediction; no part of the model's identity.
    """

    name: str
    inputs: tuple[Input, ...]
    encoding: Mapping[str, tuple[str, ...]]
    calibration: Calibration
    threshold: float
    label: Mapping[str, Any]
    definitions: Mapping[str, Any]
    definitions_digest: str
    libraries: Mapping[str, str]
    booster: bytes = field(repr=False)
    threads: int = 1

    @classmethod
    def load(cls, folder: str | Path, digest: str | None = None, *, threads: int = 1) -> Model:
        """Read a model folder.

        Raises:
            BadInput: when a file is absent or damaged, or the digest is not the expected one.
        """
        folder = Path(folder)
        try:
            header, booster = (folder / HEADER).read_bytes(), (folder / BOOSTER).read_bytes()
        except OSError as error:
            raise BadInput(
                f"cannot be read ({error.strerror})",
                where=str(error.filename),
                expected=f"a model folder with {HEADER} and {BOOSTER}",
            ) from None
        found = digest_json({HEADER: digest_bytes(header), BOOSTER: digest_bytes(booster)})
        if digest is not None and digest != found:
            raise BadInput(
                f"the model's digest is {found}",
                where=str(folder),
                expected=digest,
                fix="the files were changed after they were recorded; take the model from where "
                "it was recorded, or train again",
            )
        return cls._parse(header, booster, threads, str(folder / HEADER))

    @classmethod
    def _parse(cls, header: bytes, booster: bytes, threads: int, where: str) -> Model:
        try:
            value = json.loads(header)
            version = value["version"]
            if version != VERSION:
                raise BadInput(f"version {version}", where=where, expected=f"version {VERSION}")
            return cls(
                name=value["name"],
                inputs=tuple(Input(one["name"], one["kind"]) for one in value["inputs"]),
                encoding={name: tuple(known) for name, known in value["encoding"].items()},
                calibration=Calibration.from_json(value["calibration"]),
                threshold=value["threshold"],
                label=value["label"],
                definitions=value["definitions"],
                definitions_digest=value["definitions_digest"],
                libraries=value["libraries"],
                booster=booster,
                threads=threads,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(
                f"not a model description ({error!r})", where=where, expected="a saved model"
            ) from None

    def save(self, folder: str | Path) -> None:
        """Write the two files; the same model always gives the same bytes."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / BOOSTER).write_bytes(self.booster)
        (folder / HEADER).write_bytes(self._header)

    @property
    def file_digests(self) -> dict[str, str]:
        """Digest of each of the two files."""
        return {HEADER: digest_bytes(self._header), BOOSTER: digest_bytes(self.booster)}

    @cached_property
    def digest(self) -> str:
        """Identity of the model: the same as `digest_files` of its folder."""
        return digest_json(self.file_digests)

    def matrix(self, columns: pa.Table | Mapping[str, Any]) -> np.ndarray:
        """float32 [rows, inputs] of named columns; see `encode` for what it raises."""
        return encode(columns, self.inputs, self.encoding)

    def score(self, matrix: np.ndarray) -> np.ndarray:
        """Calibrated probabilities of 1, float64 [rows], of a matrix [rows, inputs]."""
        if len(matrix) == 0:
            return np.empty(0)
        return self.calibration.apply(self._predictor.inplace_predict(matrix))

    def decide(self, scores: np.ndarray) -> np.ndarray:
        """1 where a score is at or above the threshold, else 0; int8 [rows]."""
        return (np.asarray(scores) >= self.threshold).astype(np.int8)

    @cached_property
    def _header(self) -> bytes:
        return canonical_json(
            {
                "version": VERSION,
                "name": self.name,
                "inputs": [{"name": one.name, "kind": one.kind} for one in self.inputs],
                "encoding": {name: list(known) for name, known in self.encoding.items()},
                "calibration": self.calibration.to_json(),
                "threshold": self.threshold,
                "label": dict(self.label),
                "definitions": dict(self.definitions),
                "definitions_digest": self.definitions_digest,
                "libraries": dict(self.libraries),
            }
        )

    @cached_property
    def _predictor(self) -> xgboost.Booster:
        xgboost = import_xgboost()  # here, because reading a description does not need it
        try:
            booster = xgboost.Booster({"nthread": self.threads})
            booster.load_model(bytearray(self.booster))
        except xgboost.core.XGBoostError as error:
            reason = str(error).strip().splitlines()[-1]
            raise BadInput(f"the booster cannot be read: {reason}", where=BOOSTER) from None
        booster.set_param({"nthread": self.threads})
        return booster
