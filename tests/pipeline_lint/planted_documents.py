"""Faults of the document, of references and of types."""

from __future__ import annotations

from tests.pipeline_lint.planting import mark, planted

_IMAGE = "image: registry.example/train:1.4.2"
_TARGET = "            parameters:\n              target:\n" + (
    "                componentInputParameter: target\n"
)
_OUTPUT = (
    "      outputs:\n        parameters:\n          Output:\n            valueFromParameter:\n"
    "              outputParameterKey: address\n              producerSubtask: deploy\n"
)
_TRAINED = "            schemaTitle: system.Model\n            schemaVersion: 0.0.1\ndeploymentSpec"
_SPARE = """    @@exec-spare:
      importer:
        artifactUri:
          constant: gs://a/v1
        typeSchema:
          schemaTitle: system.Dataset
    exec-train:
      container:"""

# fmt: off
SUPPRESSIONS = [
    planted("PGP001 PGP601", _IMAGE,
            "@@@@image: registry.example/train:latest  # phasegate: ignore[PGP601]"),
    planted("PGP002", _IMAGE, f"@@{_IMAGE}  # phasegate: ignore[PGP999] no such rule"),
    planted("PGP003", _IMAGE, f"@@{_IMAGE}  # phasegate: ignore[PGP601] it once was latest"),
]

DOCUMENTS = [
    mark("PGP101", "cachingOptions: {}\n          componentRef:\n            name: comp-flip-coin",
         "cacheOptions: {}\n          componentRef:\n            name: comp-flip-coin"),
    mark("PGP102", "maxRetryCount: 2\n          taskInfo:\n            name: flip-coin",
         "maxRetryCount: two\n          taskInfo:\n            name: flip-coin"),
    planted("PGP103", "pipelineInfo:", "@@pipelineInfo:", "  name: fraud\n", ""),
    mark("PGP104", "parameterType: TASK_FINAL_STATUS", "parameterType: FINAL_STATUS"),
    mark("PGP105", "schemaVersion: 2.1.0", "schemaVersion: 3.0.0"),
    mark("PGP106", "sdkVersion: kfp-2.17.0", "sdkVersion: kfp-2.7.0"),
    mark("PGP106", "sdkVersion: kfp-2.17.0", "sdkVersion: kfp-2.18.0-rc.1"),
    mark("PGP107", "name: fraud", "name: Fraud_Detection"),
    planted("PGP108", "  name: fraud", "  name: fraud\n  @@name: fraud"),
    planted("PGP108", "    exec-train:\n      container:",
            "    exec-train:\n      importer: {}\n    @@exec-train:\n      container:"),
]

REFERENCES = [
    mark("PGP201 PGP210", "name: comp-flip-coin", "name: comp-flip-coins",
         "  comp-flip-coin:\n", "  @@comp-flip-coin:\n"),
    mark("PGP202 PGP211", "executorLabel: exec-flip-coin", "executorLabel: exec-flip-coins",
         "    exec-flip-coin:\n", "    @@exec-flip-coin:\n"),
    planted("PGP203 PGP208", "          - flip-coin\n", "          - @@flip-coins\n",
            "producerTask: flip-coin", "@@producerTask: flip-coin"),
    mark("PGP203", "producerSubtask: deploy", "producerSubtask: deployed"),
    mark("PGP204", "outputParameterKey: address", "outputParameterKey: adress"),
    mark("PGP204", "outputArtifactKey: model", "outputArtifactKey: models"),
    mark("PGP205", "componentInputParameter: target", "componentInputParameter: targets"),
    planted("PGP205", "              rate:\n", "              @@ratio:\n"),
    planted("PGP206", "        deploy:\n", "        @@deploy:\n", _TARGET, ""),
    planted("PGP207", _OUTPUT, "",
            "        Output:\n          parameterType: STRING\n  comp-print-message:",
            "        @@Output:\n          parameterType: STRING\n  comp-print-message:"),
    planted("PGP208", "          dependentTasks:\n          - train\n", "",
            "producerTask: train", "@@producerTask: train"),
    planted("PGP209", "        flip-coin:\n          cachingOptions: {}\n",
            "        flip-coin:\n          dependentTasks:\n          - condition-branches-2\n"
            "          cachingOptions: {}\n",
            "        condition-branches-2:\n", "        @@condition-branches-2:\n"),
    planted("PGP210", "  comp-train:\n",
            "  @@comp-spare:\n    executorLabel: exec-flip-coin\n  comp-train:\n"),
    planted("PGP211", "    exec-train:\n      container:", _SPARE),
    planted("PGP212", "            name: train\n", "            @@name: train\n",
            "            name: importer\n", "            name: train\n"),
]

TYPES = [
    mark("PGP301", "defaultValue: 0.3", "defaultValue: high"),
    mark("PGP301", "defaultValue: 6.0", "defaultValue: 6.5"),
    mark("PGP301", "defaultValue: true", "defaultValue: 'true'"),
    mark("PGP301", "defaultValue:\n            kind: tree", "defaultValue: tree"),
    mark("PGP302", "constant: 0.1", "constant: '0.1'"),
    mark("PGP302", "constant: heads", "constant: 1.0"),
    mark("PGP303", "defaultValue: 6.0", "defaultValue: 9007199254740993"),
    mark("PGP304", "defaultValue:\n            kind: tree", "defaultValue:\n            deep: 3.0"),
    mark("PGP304", "defaultValue:\n          - a\n", "defaultValue:\n          - 1\n"),
    planted("PGP305", _TRAINED, "            @@" + _TRAINED.strip().replace(".Model", ".Artifact")),
    planted("PGP307 PGP306",
            "                taskOutputArtifact:\n                  outputArtifactKey: model",
            "                @@taskOutputArtifact:\n                  outputArtifactKey: model",
            _TRAINED, "            @@" + _TRAINED.strip().replace("system", "acme", 1)),
    planted("PGP307", "              data:\n                taskOutputArtifact:",
            "              data:\n                @@taskOutputArtifact:",
            "        data:\n          artifactType:\n            schemaTitle: system.Dataset",
            "        data:\n          artifactType:\n            schemaTitle: system.Metrics"),
    mark("PGP308", "raw: '[1, 2]'", "raw: '[1, 2.5]'"),
    mark("PGP308", "raw: '[1, 2]'", "raw: 1, 2"),
]
# fmt: on
