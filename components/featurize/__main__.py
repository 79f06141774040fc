"""Entrypoint of `featurize`."""

import os

from phasegate.contracts import DataSnapshot, FeatureSet, execution
from phasegate.features.compute import compute_features
from phasegate.features.definitions import FeatureDefinitions
from phasegate.snapshots import Snapshot


def main() -> None:
    """Compute the features of a snapshot's events; write them as one Parquet file."""
    with execution("featurize") as step:
        definitions = FeatureDefinitions.parse(step.json("features"), step.json("data"))
        snapshot = step.read("snapshot", DataSnapshot)
        parts = Snapshot.open(snapshot.path, snapshot.store).local_parts()

        computed = compute_features(
            parts,
            definitions,
            step.path("feature_set") / "features.parquet",
            threads=len(os.sched_getaffinity(0)),
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


if __name__ == "__main__":
    main()
