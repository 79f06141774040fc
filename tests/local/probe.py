"""A container's module for tests of the local runner: does what its parameter says."""

import sys
from pathlib import Path

from phasegate.contracts import FeatureSet, execution
from phasegate.errors import BadInput


def main() -> None:
    """Write one FeatureSet, or fail as asked."""
    with execution("probe") as step:
        behaviour, trace = step.parameter("behaviour"), Path(step.parameter("trace"))
        with trace.open("a") as file:
            file.write(f"{behaviour}\n")
        step.progress(0.5, "half way")
        print("a line of log")
        if behaviour == "ends":
            return
        if behaviour == "bad input":
            raise BadInput("the column is missing", where="a.csv")
        if behaviour == "fails once" and trace.read_text().count("\n") == 1:
            sys.exit(3)
        if behaviour == "dies":
            raise ZeroDivisionError
        (step.path("made") / "features.parquet").write_text(behaviour.removesuffix(" again"))
        step.write(
            "made", FeatureSet(rows=1, columns=1, snapshot_digest="s", definitions_digest="d")
        )
        step.result("outcome", "PASS" if behaviour != "blocks" else "BLOCK")


if __name__ == "__main__":
    main()
