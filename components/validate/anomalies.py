"""What TFDV finds when statistics are held against a schema and other snapshots."""

from __future__ import annotations

from dataclasses import replace

from tensorflow_data_validation import validate_statistics
from tensorflow_metadata.proto.v0.anomalies_pb2 import Anomalies, AnomalyInfo
from tensorflow_metadata.proto.v0.schema_pb2 import Schema
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

from components.validate.findings import Finding
from components.validate.schemas import environment_of
from components.validate.settings import Comparison
from components.validate.wording import in_plain_words

# What people write where a value is missing. Words such as 'unknown' may be an honest category.
PLACEHOLDERS = frozenset(
    {"?", "-", "--", ".", "N/A", "n/a", "#N/A", "NULL", "null", "None", "NaN", "nan"}
)


def find(statistics: DatasetFeatureStatisticsList, schema: Schema) -> tuple[Finding, ...]:
    """Hold statistics against a schema, in the TRAINING environment if the schema knows it."""
    anomalies = validate_statistics(statistics, schema, environment=environment_of(schema))
    found = _in_plain_words(anomalies)
    if anomalies.data_missing:
        found.append(in_plain_words("", "STATISTICS_MISSING", "There were no rows to look at."))
    return tuple(found)


def compare(
    statistics: DatasetFeatureStatisticsList,
    other: DatasetFeatureStatisticsList,
    schema: Schema,
    kind: Comparison,
) -> tuple[Finding, ...]:
    """Compare distributions with those of another snapshot.

    Args:
        statistics: of the snapshot.
        other: of the earlier snapshot, or of what was served.
        schema: has comparators of that kind.
        kind: what the other snapshot is.
    """
    previous = {"drift": "previous_statistics", "skew": "serving_statistics"}[kind]
    anomalies = validate_statistics(
        statistics, schema, environment=environment_of(schema), **{previous: other}
    )
    name = {"drift": "the reference", "skew": "the serving data"}[kind]
    return tuple(
        replace(finding, what=finding.what.replace("the reference", name))
        for finding in _in_plain_words(anomalies)
        if finding.kind.startswith("COMPARATOR_")
    )


def _in_plain_words(anomalies: Anomalies) -> list[Finding]:
    columns = [("", anomalies.dataset_anomaly_info), *sorted(anomalies.anomaly_info.items())]
    return [
        in_plain_words(column, AnomalyInfo.Type.Name(reason.type), reason.description)
        for column, info in columns
        for reason in info.reason
    ]


def placeholders(statistics: DatasetFeatureStatisticsList) -> tuple[Finding, ...]:
    """Frequent values that look like a way to write that there is none."""
    return tuple(
        Finding(
            feature.path.step[0],
            "PLACEHOLDER",
            f"is {top.value!r} in {int(top.frequency):,} rows, which looks like a missing value",
            f"Add {top.value!r} to data.csv.nulls if it means that nothing is known.",
            rows=int(top.frequency),
        )
        for dataset in statistics.datasets
        for feature in dataset.features
        for top in feature.string_stats.top_values
        if top.value in PLACEHOLDERS
    )
