"""A small pipeline, and what a release wants."""

from __future__ import annotations

from pathlib import Path

from phasegate.kubeflow.api import Kubeflow
from phasegate.kubeflow.compiled import Compiled, load_compiled
from phasegate.kubeflow.submitting import Uploaded, upload

SMALL = """\
pipelineInfo:
  name: small
components:
  comp-add:
    executorLabel: exec-add
deploymentSpec:
  executors:
    exec-add:
      container: {image: "python:3.11", command: ["true"]}
root:
  dag:
    tasks:
      add:
        componentRef: {name: comp-add}
        taskInfo: {name: Add}
  inputDefinitions:
    parameters:
      text: {parameterType: STRING}
      count: {parameterType: NUMBER_INTEGER, defaultValue: 3.0, isOptional: true}
      share: {parameterType: NUMBER_DOUBLE, isOptional: true}
      strict: {parameterType: BOOLEAN, isOptional: true}
      names: {parameterType: LIST, isOptional: true}
      options: {parameterType: STRUCT, isOptional: true}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
"""


def small(folder: Path, text: str = SMALL) -> Compiled:
    """The small pipeline, from a file in the folder."""
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return load_compiled(path)


def uploaded(kubeflow: Kubeflow, folder: Path) -> Uploaded:
    """The small pipeline on a backend."""
    return upload(kubeflow, small(folder))
