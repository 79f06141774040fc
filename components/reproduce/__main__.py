"""Entrypoint of `reproduce`."""

import tempfile
from pathlib import Path

from components.reproduce.judge import judge
from components.reproduce.rebuild import reproduce
from components.reproduce.source import fetch
from phasegate.contracts import execution


def main() -> None:
    """Make a model again from its provenance; say whether it is the same, or why not."""
    with execution("reproduce") as step, tempfile.TemporaryDirectory() as scratch:
        workdir = Path(scratch)
        step.progress(0.0, "fetching the model's provenance")
        recorded = fetch(step.parameter("model"), workdir / "registered")
        against = step.json("against") if step.parameter("against", "") else None

        (workdir / "rebuilt").mkdir()
        reproduction = reproduce(
            recorded, workdir / "rebuilt", against=against, progress=step.progress
        )

        judgement = judge(recorded, reproduction)
        step.write_verdict("verdict", judgement)
        step.result("outcome", judgement.outcome.value)


if __name__ == "__main__":
    main()
