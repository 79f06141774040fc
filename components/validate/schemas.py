"""The TFDV schema that a snapshot has to fit: inferred and tightened, or curated by people."""

from __future__ import annotations

import math
from collections.abc import Set
from pathlib import Path

from google.protobuf import text_format
from tensorflow_data_validation import infer_schema
from tensorflow_metadata.proto.v0.schema_pb2 import INT, Schema
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

from components.validate.counting import only_dataset
from components.validate.settings import Comparison, Policy, Roles
from phasegate.errors import BadInput

TRAINING, SERVING = "TRAINING", "SERVING"


def infer(statistics: DatasetFeatureStatisticsList, roles: Roles, slack: float) -> Schema:
    """Infer a schema, then tighten what inference leaves open.

    Label, time and key must be present in every row, other columns as often as they are, less some
    slack. The label keeps exactly the values it has. Label and excluded columns are not expected in
    the SERVING environment.

    Args:
        statistics: of the data that the schema is to describe.
        roles: which column plays which part.
        slack: share of rows that may miss a value in addition; missing is one more category, so
            this is the limit for categories.
    """
    # A shape says again, and worse, what presence and value count say.
    schema = infer_schema(statistics, infer_feature_shape=False)
    schema.default_environment.extend([TRAINING, SERVING])
    ranges, present = _integer_ranges(statistics), _shares_present(statistics)
    for feature in schema.feature:
        if feature.name in (roles.label, roles.time, roles.key):
            feature.presence.min_fraction = 1.0
        elif feature.name in present and present[feature.name] < 1.0:
            # Rounded down, so that people read a round number.
            feature.presence.min_fraction = (
                math.floor(max(present[feature.name] - slack, 0) * 100) / 100
            )
        if feature.name == roles.label and feature.type == INT and feature.name in ranges:
            feature.int_domain.min, feature.int_domain.max = ranges[feature.name]
        if feature.name == roles.label or feature.name in roles.exclude:
            feature.not_in_environment.append(SERVING)
    return schema


def read(path: Path) -> Schema:
    """A curated schema.

    Raises:
        BadInput: when the file is missing or is not a TFDV schema.
    """
    where = f"validation.schema ({path})"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the schema cannot be read: {error}", where=where) from None
    try:
        schema = text_format.Parse(text, Schema())
    except text_format.ParseError as error:
        raise BadInput(
            f"this is not a TFDV schema: {error}",
            where=where,
            fix="start from the schema.pbtxt that an earlier run inferred",
        ) from None
    if not schema.feature:
        raise BadInput("the schema describes no column", where=where)
    return schema


def with_comparators(
    schema: Schema,
    kind: Comparison,
    policy: Policy,
    roles: Roles,
    *,
    categorical: Set[str],
    numeric: Set[str],
) -> Schema:
    """A schema that also limits the distance from another snapshot.

    Keys, entities and times differ between any two snapshots and excluded columns do not matter, so
    these are not compared. Limits that the schema has already are kept.

    Args:
        schema: is not changed.
        kind: what the other snapshot is.
        policy: has the limits.
        roles: which column is key and time.
        categorical: columns that are described by the frequency of their values.
        numeric: columns that are described by their histogram.
    """
    result = Schema()
    result.CopyFrom(schema)
    field = f"{kind}_comparator"
    passed_over = {"key", "time", "entity", "excluded"}
    if kind == "skew":
        passed_over.add("label")  # not known when the model is asked
    for feature in result.feature:
        if roles.of(feature.name) in passed_over or feature.HasField(field):
            continue
        comparator = getattr(feature, field)
        if feature.name in categorical:
            comparator.infinity_norm.threshold = policy.categorical
        elif feature.name in numeric:
            comparator.jensen_shannon_divergence.threshold = policy.numeric
    return result


def environment_of(schema: Schema) -> str | None:
    """TRAINING, if the schema tells environments apart."""
    return TRAINING if TRAINING in schema.default_environment else None


def categorical_columns(statistics: DatasetFeatureStatisticsList) -> set[str]:
    """Columns of text and truth values."""
    dataset = only_dataset(statistics)
    features = dataset.features if dataset is not None else ()
    return {feature.path.step[0] for feature in features if feature.HasField("string_stats")}


def _shares_present(statistics: DatasetFeatureStatisticsList) -> dict[str, float]:
    dataset = only_dataset(statistics)
    rows = dataset.num_examples if dataset is not None else 0
    shares = {}
    for feature in dataset.features if dataset is not None and rows else ():
        described = feature.num_stats if feature.HasField("num_stats") else feature.string_stats
        shares[feature.path.step[0]] = described.common_stats.num_non_missing / rows
    return shares


def _integer_ranges(statistics: DatasetFeatureStatisticsList) -> dict[str, tuple[int, int]]:
    dataset = only_dataset(statistics)
    return {
        feature.path.step[0]: (int(feature.num_stats.min), int(feature.num_stats.max))
        for feature in (dataset.features if dataset is not None else ())
        if feature.type == feature.INT and feature.HasField("num_stats")
    }
