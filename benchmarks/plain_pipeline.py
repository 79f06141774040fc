"""The training pipeline as one plain script: every step of an environment in one process.

A peer for `benchmarks/pipeline.py`, run in the core environment: the same entrypoints in the same
order, without an orchestrator, and one other process for the step that needs TFDV.
"""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

STEPS = {
    "ingest": (("data", "store"), (), ("snapshot",), ()),
    "validate": (
        ("data", "validation"),
        ("snapshot",),
        ("statistics", "schema", "report", "verdict", "page"),
        ("outcome",),
    ),
    "featurize": (("data", "features"), ("snapshot",), ("feature_set",), ()),
    "train": (
        ("name", "data", "features", "split", "training", "evaluation"),
        ("snapshot", "feature_set"),
        ("model", "provenance", "metrics", "page"),
        (),
    ),
    "profile": (
        ("data", "split", "training", "serving", "monitoring"),
        ("feature_set", "model"),
        ("reference", "page"),
        (),
    ),
    "evaluate": (
        ("name", "data", "split", "training", "evaluation"),
        ("snapshot", "feature_set", "model"),
        ("evaluated", "verdict", "metrics", "classification", "page"),
        ("outcome",),
    ),
    "validate_serving": (
        ("name", "split", "training", "serving"),
        ("feature_set", "model"),
        ("verdict", "metrics"),
        ("outcome",),
    ),
    "register": (
        ("name",),
        (
            "model",
            "provenance",
            "data_verdict",
            "evaluation_verdict",
            "serving_verdict",
            "reference",
        ),
        ("registered",),
        (),
    ),
}
"""Parameters, input artifacts, output artifacts and output parameters of each step."""

VERDICTS = {
    "data_verdict": "validate",
    "evaluation_verdict": "evaluate",
    "serving_verdict": "validate_serving",
}


def main() -> None:
    """Run all steps: ``plain_pipeline.py PARAMETERS.json FOLDER TFDV_PYTHON``."""
    parameters = json.loads(Path(sys.argv[1]).read_text())
    folder, tfdv = Path(sys.argv[2]), sys.argv[3]
    written: dict[str, Any] = {}
    for step, (names, inputs, outputs, results) in STEPS.items():
        place = folder / step
        document = {
            "inputs": {
                "parameterValues": {name: parameters[name] for name in names},
                "artifacts": {name: {"artifacts": [written[name]]} for name in inputs},
            },
            "outputs": {
                "artifacts": {
                    name: {"artifacts": [{"name": name, "uri": str(place / name)}]}
                    for name in outputs
                },
                "parameters": {name: {"outputFile": str(place / name)} for name in results},
                "outputFile": str(place / "output.json"),
            },
        }
        arguments = ["--executor-input", json.dumps(document)]
        if step == "validate":
            subprocess.run([tfdv, "-m", "components.validate", *arguments], check=True)
        else:
            sys.argv = [step, *arguments]
            runpy.run_module(f"components.{step}", run_name="__main__")
        made = json.loads((place / "output.json").read_text())["artifacts"]
        written |= {name: value["artifacts"][0] for name, value in made.items()}
        for name, source in VERDICTS.items():
            if source == step:
                written[name] = made["verdict"]["artifacts"][0]


if __name__ == "__main__":
    main()
