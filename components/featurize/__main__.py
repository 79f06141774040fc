"""Entrypoint of `featurize`."""

import os

from phasegate.contracts import DataSnapshot, FeatureSet, execution
from phasegate.features.compute import compute_features
from phasegate.features.definitions import FeatureDefinitions
from phasegate.snapshots import Snapshot

with execution("featurize") as step:
    definitions = FeatureDefinitions.parse(step.json("features"), step.json("data"))
    snapshot = step.read("snapshot", DataSnapshot)
    parts = Snapshot.open(snapshot.path, snapshot.store).local_parts()

    computed = compute_features(
        parts,
        definitions,
        step.path("feature_set") / "features.parquet",
        threads=os.cpu_count() or 1,
        progress=step.progress,
    )

    step.write(
        "feature_set",
        FeatureSet(
            rows=computed.rows,
            columns=computed.columns,
            snapshot_digest=snapshot.digest,
            definitions_digest=definitions.digest,
        ),
    )
