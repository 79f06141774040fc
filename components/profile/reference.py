"""The rows that a model is profiled on: held out from training, scored, with their labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from phasegate.contracts import FeatureSet, TrainedModel
from phasegate.errors import BadInput
from phasegate.models import Input, Model
from phasegate.monitoring.profile import Profile
from phasegate.monitoring.profiling import make_profile
from phasegate.training.split import split_features


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Reference rows.

    Attributes:
        numbers: position of each in the snapshot, int64 [rows].
        features: the model's inputs, [rows].
        scores: float64 [rows].
        decisions: 0 or 1 [rows].
        labels: 0 or 1 [rows].
        times: event times, int64 microseconds since 1970 UTC [rows]; None where data have none.
    """

    numbers: np.ndarray
    features: pa.Table
    scores: np.ndarray
    decisions: np.ndarray
    labels: np.ndarray
    times: np.ndarray | None


def held_out_rows(
    features: FeatureSet,
    trained: TrainedModel,
    model: Model,
    data: Mapping[str, Any],
    split: Mapping[str, Any],
) -> HeldOut:
    """The calibration and test slices of the features that a model was made from.

    Raises:
        BadInput: the model was made from other features, or the split is not possible.
    """
    if trained.features_digest != features.digest:
        raise BadInput(
            f"the model learned from feature set {trained.features_digest[:12]}",
            where="profile: input feature_set",
            expected=f"that one, not {features.digest[:12]}",
            fix="connect the outputs of one run",
        )
    file = features.path / "features.parquet"
    keys = pq.read_table(file, columns=["_row", "_time", "_label"])
    parts = split_features(keys, split, data)
    chosen = pa.array(np.sort(np.concatenate([parts.calibration, parts.test])))
    keys = keys.take(chosen)
    inputs = pq.read_table(file, columns=[one.name for one in model.inputs]).take(chosen)
    scores = model.score(model.matrix(inputs))
    return HeldOut(
        numbers=keys["_row"].to_numpy(),
        features=inputs,
        scores=scores,
        decisions=model.decide(scores),
        labels=keys["_label"].to_numpy(),
        times=keys["_time"].to_numpy() if data.get("time") else None,
    )


def profile_of(
    rows: HeldOut, columns: Sequence[Input], model: Model, features_digest: str
) -> Profile:
    """The profile of reference rows.

    Args:
        columns: inputs that are monitored.
        features_digest: of the feature set.
    """
    return make_profile(
        rows.features,
        columns,
        name=model.name,
        model_digest=model.digest,
        features_digest=features_digest,
        threshold=model.threshold,
        scores=rows.scores,
        decisions=rows.decisions,
        labels=rows.labels,
        times=rows.times,
    )


def logged(rows: HeldOut) -> pa.Table:
    """The rows as the prediction log would hold them, for counting."""
    features = rows.features.combine_chunks()
    struct = pa.StructArray.from_arrays(
        [column.chunk(0) for column in features.columns], names=features.column_names
    )
    return pa.table(
        {
            "event_time": pa.array(rows.times, pa.timestamp("us", tz="UTC")),
            "score": pa.array(rows.scores),
            "decision": pa.array(rows.decisions),
            "features": struct,
        }
    )
