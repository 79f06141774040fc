"""What TFDV finds when statistics are held against a schema and a reference."""

from __future__ import annotations

from tensorflow_data_validation import validate_statistics
from tensorflow_metadata.proto.v0.anomalies_pb2 import AnomalyInfo
from tensorflow_metadata.proto.v0.schema_pb2 import Schema
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

from components.validate.findings import Finding
from components.validate.schemas import environment_of
from components.validate.wording import in_plain_words

# What people write where a value is missing. Words such as 'unknown' may be an honest category.
PLACEHOLDERS = frozenset(
    {"?", "-", "--", ".", "N/A", "n/a", "#N/A", "NULL", "null", "None", "NaN", "nan"}
)


def find(
    statistics: DatasetFeatureStatisticsList,
    schema: Schema,
    reference: DatasetFeatureStatisticsList | None = None,
) -> tuple[Finding, ...]:
    """Hold statistics against a schema, in the TRAINING environment if the schema knows it.

    Args:
        statistics: of the snapshot.
        schema: may have drift and skew comparators.
        reference: what these compare with.
    """
    compares_skew = any(feature.HasField("skew_comparator") for feature in schema.feature)
    anomalies = validate_statistics(
        statistics,
        schema,
        environment=environment_of(schema),
        previous_statistics=reference,
        serving_statistics=reference if compares_skew else None,
    )
    found = [
        in_plain_words(column, AnomalyInfo.Type.Name(reason.type), reason.description)
        for column, info in sorted(anomalies.anomaly_info.items())
        for reason in info.reason
    ]
    if anomalies.HasField("dataset_anomaly_info"):
        found += [
            in_plain_words("", AnomalyInfo.Type.Name(reason.type), reason.description)
            for reason in anomalies.dataset_anomaly_info.reason
        ]
    if anomalies.data_missing:
        found.append(in_plain_words("", "STATISTICS_MISSING", "There were no rows to look at."))
    return tuple(found)


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
