"""Faults that KFP compiles and uploads without a word, and that show when it runs, or never."""

from __future__ import annotations

from tests.pipeline_lint.planting import mark, planted

_FLIP = "inputs.parameter_values['pipelinechannel--flip-coin-Output']"
_HEADS = f"condition: {_FLIP}\n              == 'heads'\n"
_DEEP = "condition: int(inputs.parameter_values['pipelinechannel--depth']) > 3"
_DEPTH = "inputs.parameter_values['pipelinechannel--depth']"
_BRANCHES = "          taskInfo:\n            name: condition-branches-2\n"
_RETRY = (
    "          retryPolicy:\n            backoffDuration: 10s\n            backoffFactor: 2.0\n"
    "            backoffMaxDuration: 3600s\n            maxRetryCount: 2\n"
    "          taskInfo:\n            name: print-message-3\n"
)
_ONE_OF = """  comp-exit-handler-1:
    dag:
      outputs:
        artifacts:
          @@either:
            artifactSelectors:
            - outputArtifactKey: model
              producerSubtask: train
            - outputArtifactKey: artifact
              producerSubtask: importer
"""
_MANY = str(list(range(21)))
_CACHED = "        {task}:\n          cachingOptions:\n            @@enableCache: true\n"
_TRAIN_CACHED = _CACHED.format(task="train")
_COMMAND = "        command:\n        - python\n        - -m\n        - train\n"
_INSTALL = '        - "\\nif ! [ -x'
_ENV = "        - name: LEVEL\n          value: info\n"
_KEY = "AKIA" + "Q7" * 8
_URL = "postgresql://reader:" + "s3cr3t" + "@db.example:5432/fraud"

# fmt: off
FLOW = [
    planted("PGP401", _BRANCHES,
            f"{_BRANCHES}          triggerPolicy:\n            @@condition: {_FLIP} == 'heads'\n"),
    mark("PGP402", _HEADS, _HEADS.replace("heads", "he'ads")),
    mark("PGP403", _HEADS, _HEADS.replace("-Output", "-output")),
    mark("PGP404", _DEEP, f"condition: {_DEPTH} == 3"),
    mark("PGP404", _DEEP, f"condition: {_DEPTH} == '3'"),
    mark("PGP404", _DEEP, f"condition: int({_DEPTH}) == 3.0"),
    mark("PGP404", _HEADS, f"condition: {_FLIP} == 1\n"),
    mark("PGP404", _HEADS, f"condition: true == {_FLIP}\n"),
    mark("PGP405", _DEEP, f"condition: {_DEPTH} > double(3)"),
    planted("PGP406", "  comp-exit-handler-1:\n    dag:\n", _ONE_OF),
    planted("PGP407", "      report-end:\n", "      @@report-end:\n",
            "            status:\n              taskFinalStatus:\n"
            "                producerTask: exit-handler-1\n", ""),
    planted("PGP408", "          iteratorPolicy:\n            parallelismLimit: 4\n"
            "          parameterIterator:", "          @@parameterIterator:"),
    planted("PGP408", "          parameterIterator:\n            itemInput: pipelinechannel--loop",
            "          @@parameterIterator:\n            itemInput: pipelinechannel--loop",
            "raw: '[1, 2]'", f"raw: '{_MANY}'"),
    planted("PGP409", "        print-message-3:\n", "        @@print-message-3:\n",
            _RETRY, _RETRY[_RETRY.index("          taskInfo"):]),
    mark("PGP409", "maxRetryCount: 2\n          taskInfo:\n            name: flip-coin",
         "maxRetryCount: 0\n          taskInfo:\n            name: flip-coin"),
]

CACHING = [
    planted("PGP501", "        deploy:\n          cachingOptions: {}\n",
            _CACHED.format(task="deploy")),
    planted("PGP501", "        - -m\n        - train\n",
            "        - -m\n        - components.notify\n",
            _TRAIN_CACHED.replace("@@", ""), _TRAIN_CACHED),
    planted("PGP501", _TRAIN_CACHED.replace("@@", ""), _TRAIN_CACHED,
            "            name: train\n", "            name: Roll back the model\n"),
    planted("PGP502", "      report-end:\n        cachingOptions: {}\n",
            "      report-end:\n        cachingOptions:\n          @@enableCache: true\n"),
    planted("PGP503", "          constant: gs://data/v3/raw.csv\n        typeSchema",
            "          @@constant: gs://data/latest/raw.csv\n        typeSchema"),
]

CONTAINERS = [
    mark("PGP601", "image: registry.example/train:1.4.2", "image: registry.example/train:latest"),
    mark("PGP601", "image: registry.example/train:1.4.2", "image: registry.example:5000/train"),
    mark("PGP602", "image: python:3.11.9-slim", "image: python:3.11-slim"),
    planted("PGP603", _COMMAND, "",
            "image: registry.example/train", "@@image: registry.example/train"),
    planted("PGP604", _INSTALL, _INSTALL.replace('"', '@@"'),
            "'kfp==2.17.0'", "pandas 'kfp==2.17.0'"),
    planted("PGP604", _INSTALL, _INSTALL.replace('"', '@@"'),
            "'kfp==2.17.0'", "--index-url https://pypi.example/simple 'numpy>=2' 'kfp==2.17.0'"),
    planted("PGP605", "        resources:\n", "        @@resources:\n",
            "          cpuRequest: 1.0\n", "", "          resourceCpuRequest: '1'\n", ""),
    planted("PGP606", "          memoryLimit: 1.073741824\n", "",
            "          resourceMemoryLimit: 1Gi\n          resourceMemoryRequest",
            "          @@resourceMemoryRequest"),
    mark("PGP607", "resourceMemoryLimit: 1Gi", "resourceMemoryLimit: 1G"),
    mark("PGP608", "resourceCpuRequest: '1'", "resourceCpuRequest: one"),
    mark("PGP608", "resourceMemoryLimit: 1Gi", "resourceMemoryLimit: 1GB"),
    planted("PGP608", "resourceMemoryRequest: 1Gi", "@@resourceMemoryRequest: 512m"),
]

PLACEHOLDERS = [
    planted("PGP701", "- '{{$.inputs.artifacts[''data''].path}}'",
            "- @@'{{$.inputs.artifacts[''data''].metadata[''rows'']}}'"),
    planted("PGP702", "        - --depth\n", "        - @@'{{$.outputs.output_file}}'\n"),
    planted("PGP703", "- '{{$.inputs.parameters[''target'']}}'",
            "- @@'{{$.inputs.parameters[''taget'']}}'"),
    planted("PGP703", "- '{{$.inputs.artifacts[''model''].uri}}'",
            "- @@'{{$.inputs.artifacts[''model''].name}}'"),
    planted("PGP704", _ENV, "        - name: DB_PASSWORD\n          @@value: hunter2\n"),
    planted("PGP704", _ENV, f"        - name: LEVEL\n          @@value: {_KEY}\n"),
    planted("PGP705", "        - --depth\n", "        - --token\n        - @@abc123\n"),
    planted("PGP705", "        - --depth\n", "        - @@--api-key=abc123\n"),
    mark("PGP706", "defaultValue: gs://data/v3/raw.csv", f"defaultValue: {_URL}"),
    planted("PGP706", "      uri:\n        defaultValue: gs://data/v3/raw.csv",
            "      storeToken:\n        @@defaultValue: abc123"),
]

PLATFORM = [
    planted("PGP801", "        exec-train:\n          secretAsEnv",
            "        @@exec-trains:\n          secretAsEnv"),
    planted("PGP802", "        exec-train:\n          secretAsEnv",
            "        exec-train:\n          securityContext:\n            @@runAsUser: 0\n"
            "          secretAsEnv"),
    planted("PGP803", "          - keyToEnv:\n            - envVar: STORE_PASSWORD\n"
            "              secretKey: password\n            optional: false",
            "          - @@optional: false"),
]
# fmt: on
