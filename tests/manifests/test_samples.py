"""Manifests as KServe's and the Gateway API's own documentation has them: honest warnings only."""

from __future__ import annotations

import pytest

from phasegate.linting.reading import read
from phasegate.manifests.lint import report

_TOKEN, _PICKLE, _PATH = "PGM607", "PGM501", "PGM502"
_POD = {"PGM601", "PGM602", "PGM603", "PGM604", "PGM605", "PGM610"}

FIRST = """
apiVersion: "serving.kserve.io/v1beta1"
kind: "InferenceService"
metadata:
  name: "sklearn-iris"
spec:
  predictor:
    model:
      modelFormat:
        name: sklearn
      storageUri: "gs://examples/models/sklearn/1.0/model"
"""
CANARY = FIRST.replace("    model:", "    canaryTrafficPercent: 10\n    model:")
FRAMEWORK = """
apiVersion: "serving.kserve.io/v1beta1"
kind: "InferenceService"
metadata:
  name: "flowers-sample"
  annotations:
    autoscaling.knative.dev/target: "1"
spec:
  predictor:
    tensorflow:
      storageUri: "gs://examples/models/tensorflow/flowers"
"""
LOGGED = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: sklearn-iris
spec:
  predictor:
    logger:
      mode: all
      url: http://message-dumper.default/
    sklearn:
      storageUri: gs://examples/models/sklearn/1.0/model
"""
TRANSFORMED = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: torch-transformer
spec:
  transformer:
    containers:
    - image: kserve/image-transformer:latest
      name: kserve-container
  predictor:
    pytorch:
      storageUri: gs://examples/models/image_classifier/v1
"""
EXPLAINED = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: artserver
spec:
  predictor:
    xgboost:
      storageUri: gs://examples/models/mnist/v1
  explainer:
    art:
      type: SquareAttack
      config:
        nb_classes: "10"
"""
SPLITTER = """
apiVersion: serving.kserve.io/v1alpha1
kind: InferenceGraph
metadata:
  name: splitter-model
spec:
  nodes:
    root:
      routerType: Splitter
      steps:
        - serviceName: sklearn-iris
          weight: 20
        - serviceName: xgboost-iris
          weight: 80
"""
RUNTIME = """
apiVersion: serving.kserve.io/v1alpha1
kind: ClusterServingRuntime
metadata:
  name: kserve-mlserver
spec:
  annotations:
    prometheus.kserve.io/port: '8080'
  supportedModelFormats:
    - name: xgboost
      version: "2"
      autoSelect: true
      priority: 2
  protocolVersions:
    - v2
  containers:
    - name: kserve-container
      image: docker.io/seldonio/mlserver:1.7.1
      env:
        - name: "MLSERVER_MODEL_IMPLEMENTATION"
          value: "{{.Labels.modelClass}}"
      securityContext:
        allowPrivilegeEscalation: false
        privileged: false
        runAsNonRoot: true
        capabilities:
          drop:
            - ALL
      resources:
        requests:
          cpu: "1"
          memory: 2Gi
"""
SPLIT = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: simple-split
spec:
  rules:
  - backendRefs:
    - name: foo-v1
      port: 8080
      weight: 90
    - name: foo-v2
      port: 8080
      weight: 10
"""
MIRROR = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: mirrored
spec:
  parentRefs: [{name: eg}]
  hostnames: [backends.example]
  rules:
  - matches: [{path: {type: PathPrefix, value: /}}]
    filters:
    - type: RequestMirror
      requestMirror:
        backendRef: {kind: Service, name: backend-2, port: 3000}
    backendRefs:
    - {group: "", kind: Service, name: backend, port: 3000, weight: 1}
---
apiVersion: v1
kind: Service
metadata: {name: backend-2, labels: {app: backend-2}}
spec:
  ports: [{name: http, port: 3000, targetPort: 3000}]
  selector: {app: backend-2}
---
apiVersion: v1
kind: Service
metadata: {name: backend}
spec:
  ports: [{name: http, port: 3000, targetPort: http}]
"""
OLD = FIRST.replace("serving.kserve.io", "serving.kubeflow.org")
GONE = TRANSFORMED.replace(
    "    containers:\n", "    custom:\n      container: {}\n    containers:\n"
)

SAMPLES = {
    "first": (FIRST, {_TOKEN, _PICKLE}),
    "canary": (CANARY, {_TOKEN, _PICKLE, "PGM309"}),
    "framework": (FRAMEWORK, {_TOKEN, _PATH}),
    "logged": (LOGGED, {_TOKEN, _PICKLE}),
    "transformed": (TRANSFORMED, {_TOKEN, _PICKLE} | _POD),
    "explained": (EXPLAINED, {_TOKEN}),
    "splitter": (SPLITTER, set()),
    "runtime": (RUNTIME, {"PGM603", "PGM605"}),
    "split": (SPLIT, {"PGM408"}),
    "mirror": (MIRROR, set()),
    "of the past": (OLD, {"PGM105"}),
    "with a field of the past": (GONE, {"PGM101", _TOKEN, _PICKLE} | _POD),
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_documented_manifest_gets_these_findings_and_no_other(sample: str) -> None:
    text, expected = SAMPLES[sample]

    found = report([(read("sample", text.encode()), True)]).findings

    assert {finding.code for finding in found} == expected, found
