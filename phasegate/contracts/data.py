"""Artifacts of data: what came in, what it looks like, what is wrong, what is made of it."""

from __future__ import annotations

from dataclasses import dataclass

from phasegate.contracts.artifact import Artifact, describe


@dataclass(frozen=True, kw_only=True)
class DataSnapshot(Artifact):
    """An immutable, content-addressed copy of the data; its parts lie in the store."""

    schema_title = "system.DataSnapshot"
    FILES = {"manifest.json": "Columns, rows, time range and the digest of each Parquet part."}

    rows: int = describe("Rows in all parts.")
    bytes: int = describe("Size of all parts.")
    parts: int = describe("Number of Parquet parts.")
    columns: int = describe("Number of columns.")
    store: str = describe("Store that holds the parts: a folder or gs:// address.")
    time_min: str = describe("Oldest event time, ISO 8601; empty without a time column.")
    time_max: str = describe("Newest event time, ISO 8601; empty without a time column.")


@dataclass(frozen=True, kw_only=True)
class DataStatistics(Artifact):
    """TFDV's statistics of a snapshot."""

    schema_title = "system.DataStatistics"
    FILES = {"statistics.pb": "A serialized DatasetFeatureStatisticsList."}

    rows: int = describe("Rows that were counted.")
    columns: int = describe("Columns that were described.")


@dataclass(frozen=True, kw_only=True)
class DataSchema(Artifact):
    """The TFDV schema that a snapshot was validated against."""

    schema_title = "system.DataSchema"
    FILES = {"schema.pbtxt": "A schema in protobuf text format, to be read and curated by people."}

    columns: int = describe("Columns in the schema.")
    origin: str = describe("'inferred' from the snapshot or 'curated' by the project.")


@dataclass(frozen=True, kw_only=True)
class ValidationReport(Artifact):
    """What validation found, column by column."""

    schema_title = "system.ValidationReport"
    FILES = {"report.json": "Per-column summaries and every anomaly in plain words."}

    snapshot_digest: str = describe("Digest of the snapshot that was validated.")
    anomalies: int = describe("Anomalies found.")
    blocking: int = describe("Anomalies that block.")


@dataclass(frozen=True, kw_only=True)
class FeatureSet(Artifact):
    """Point-in-time features, one row for each event of a snapshot."""

    schema_title = "system.FeatureSet"
    FILES = {
        "features.parquet": "`_row`, `_time`, `_label`, `_entity` and one column for each feature."
    }

    rows: int = describe("Rows, equal to the snapshot's.")
    columns: int = describe("Feature columns.")
    snapshot_digest: str = describe("Digest of the snapshot it was computed from.")
    definitions_digest: str = describe("Digest of the feature definitions.")
