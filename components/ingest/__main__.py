"""Entrypoint of `ingest`."""

from components.ingest.ingest import ingest
from phasegate.clock import now
from phasegate.contracts import DataSnapshot, execution


def main() -> None:
    """Copy the source into the store; write the snapshot's manifest."""
    with execution("ingest") as step:
        data = step.json("data")
        store = step.parameter("store")

        snapshot = ingest(data, store, step.path("snapshot"), now=now(), progress=step.progress)

        step.write("snapshot", DataSnapshot(**snapshot.metadata()))


if __name__ == "__main__":
    main()
