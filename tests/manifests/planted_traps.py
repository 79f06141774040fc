"""Faults that every API server accepts, and that a release trips over."""

from __future__ import annotations

from tests.manifests.planting import canary, custom, gateway, knative

_DIGEST = "3f786850e387550fdab836ed7e6dc881de23001b3f786850e387550fdab836ed"
_COHORT = """    - matches:
        - headers:
            - name: x-phasegate-cohort
              type: RegularExpression
              value: "0[0-4][0-9]{2}"
      backendRefs"""
_SUPPRESSION = '    phasegate.dev/lint-ignore: "PGM303 every cluster of ours runs 0.21"\n'
_B = "metadata:\n  name: card-fraud-b\n"
_B_LOCAL = (
    _B + "  namespace: fraud\n  labels:\n    networking.kserve.io/visibility: cluster-local\n"
)
_B_PUBLIC = _B_LOCAL.replace("cluster-local", "public")
_HPA = """---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: pods
  namespace: fraud
spec:
  @@scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: card-fraud-a-predictor}
  maxReplicas: 4
---
apiVersion: policy/v1
"""

# fmt: off
RELEASES = [
    canary("PGM301", "    - trafficPercent: 5", "    - @@trafficPercent: 0"),
    gateway("PGM302", "    scaleTarget: 60", "    @@canaryTrafficPercent: 10"),
    knative("PGM302", "    maxReplicas: 4", "    @@canaryTrafficPercent: 0"),
    custom("PGM309", "    securityContext:", "    @@canaryTrafficPercent: 5\n    securityContext:"),
    canary("PGM303", _SUPPRESSION, "", "  canary:", "  @@canary:"),
    canary("PGM304", "    name: stable", "    name: stable\n    @@logger: {mode: all}"),
    gateway("PGM305", "    scaleTarget: 60", "    logger: {mode: all}",
            "        - name: card-fraud-a-predictor\n          port: 80\n          weight",
            "        - @@name: card-fraud-a-predictor\n          port: 80\n          weight"),
    canary("PGM306", "    name: stable", "    name: stable\n    @@minReplicas: 3"),
    gateway("PGM307", "    minReplicas: 2", "    @@minReplicas: 0",
            "  minAvailable: 1", "  maxUnavailable: 1"),
    gateway("PGM308 PGM308", "--model_name=card-fraud", "--model_name={{.Name}}",
            "  name: card-fraud-a\n", "  @@name: card-fraud-a\n", _B, _B.replace("name", "@@name")),
]

ROUTES = [
    gateway("PGM401", "              name: card-fraud-b-predictor",
            "              @@name: card-fraud-c-predictor"),
    gateway("PGM401", "        - name: card-fraud-b-predictor", "        - @@name: card-fraud-b"
            "-predicter"),
    gateway("PGM402", "              name: card-fraud-b-predictor",
            "              @@name: card-fraud-a-predictor",
            "        - name: card-fraud-b-predictor\n          port: 80\n          weight: 5\n", "",
            "          weight: 95\n", ""),
    gateway("PGM403", "            percent: 10",
            "            @@fraction: {numerator: 3, denominator: 2}"),
    gateway("PGM404", "        - name: card-fraud-a-predictor\n          port: 80\n"
            "          weight: 95",
            "        - @@name: card-fraud-a-predictor\n          port: 80\n          weight: 0",
            "          weight: 5\n", "          weight: 0\n"),
    gateway("PGM405", "          weight: 95", "          @@weight: 90"),
    gateway("PGM406", _B_LOCAL, _B_PUBLIC,
            "kind: HTTPRoute\nmetadata:\n  name: card-fraud\n",
            "kind: HTTPRoute\nmetadata:\n  @@name: card-fraud-b\n"),
    gateway("PGM407", _B_LOCAL, _B_PUBLIC.replace("name", "@@name", 1)),
    gateway("PGM408", _COHORT, "    - backendRefs",
            "        - name: card-fraud-a-predictor\n          port: 80\n          weight",
            "        - @@name: card-fraud-a-predictor\n          port: 80\n          weight"),
]

MODELS = [
    knative("PGM501", "    xgboost:", "    @@sklearn:"),
    knative("PGM501", "storageUri: s3://models/churn/v3",
            "@@storageUri: s3://models/churn/v3/m.pkl"),
    gateway("PGM502", "storageUri: gs://models/card-fraud/v7",
            "@@storageUri: gs://models/card-fraud/newest"),
    gateway("PGM502", "      storageUri: gs://models/card-fraud/models/" + _DIGEST,
            "      @@storageUri: oci://registry.example.com/card-fraud:latest"),
    gateway("PGM503", "      runtime: boosted", "      @@runtime: boosty"),
    canary("PGM503", "        name: onnx", "        @@name: onyx"),
    gateway("PGM504", "      modelFormat:\n        name: boosted",
            "      modelFormat:\n        @@name: boots"),
    gateway("PGM505", "    - name: kserve-container", "    - @@name: server"),
]

PODS = [
    gateway("PGM601", "      image: registry.example.com/core:1.4.2",
            "      @@image: registry.example.com/core:latest"),
    gateway("PGM601", "registry.example.com/drift:1.4.2", "@@registry.example.com:5000/drift"),
    custom("PGM602", "          requests: {cpu: 500m, memory: 256Mi}",
           "          requests: {cpu: 500m}", "        resources:\n          requests: {cpu: 500m}",
           "        @@resources:\n          requests: {cpu: 500m}"),
    gateway("PGM603", "      readinessProbe:", "      livenessProbe:",
            "    - name: kserve-container", "    - @@name: kserve-container"),
    gateway("PGM604", "          securityContext:\n            runAsNonRoot: true",
            "          securityContext:\n            @@runAsUser: 0"),
    custom("PGM604 PGM604", "    securityContext:\n      runAsNonRoot: true\n", "",
           "      - name: kserve-container", "      - @@name: kserve-container",
           "      - name: transformer-container", "      - @@name: transformer-container"),
    custom("PGM605", "          readOnlyRootFilesystem: true",
           "          @@readOnlyRootFilesystem: false"),
    gateway("PGM606", "    spec:\n      serviceAccountName: guard",
            "    spec:\n      @@hostNetwork: true\n      serviceAccountName: guard"),
    custom("PGM606", "          readOnlyRootFilesystem: true",
           "          readOnlyRootFilesystem: true\n          @@privileged: true"),
    gateway("PGM607", "automountServiceAccountToken: false", "automountServiceAccountToken: true",
            "    serviceAccountName: predictor", "    @@serviceAccountName: predictor",
            "    serviceAccountName: predictor\n    minReplicas: 2\n    model",
            "    automountServiceAccountToken: false\n    minReplicas: 2\n    model"),
    gateway("PGM607", "  kind: Role\n  name: guard\nsubjects:\n"
            "  - kind: ServiceAccount\n    name: guard",
            "  kind: Role\n  name: guard\nsubjects:\n  - kind: ServiceAccount\n    name: other",
            "      serviceAccountName: guard", "      @@serviceAccountName: guard"),
    gateway("PGM608", "              valueFrom:\n"
            "                secretKeyRef: {name: guard, key: token}",
            "              @@value: hunter2"),
    gateway("PGM608", "          value: gs://logs",
            "          @@value: postgres://scott:tiger@db/logs"),
    gateway("PGM609", "    - name: kserve-container",
            "    - @@name: first\n      image: registry.example.com/first:1.0.0\n"
            "      resources: {limits: {cpu: 1, memory: 1Gi}}\n      securityContext:\n"
            "        runAsNonRoot: true\n        readOnlyRootFilesystem: true\n"
            "        allowPrivilegeEscalation: false\n        capabilities: {drop: [ALL]}\n"
            "    - name: kserve-container"),
    custom("PGM610", "        securityContext:\n          readOnlyRootFilesystem: true\n"
           "          allowPrivilegeEscalation: false\n",
           "        @@securityContext:\n          readOnlyRootFilesystem: true\n"),
]

NEIGHBOURS = [
    gateway("PGM701", "  minAvailable: 1", "  @@minAvailable: 2"),
    gateway("PGM701", "  minAvailable: 1", "  @@maxUnavailable: 0"),
    gateway("PGM702", "  podSelector:", "  @@podSelector:",
            "values: [card-fraud-a, card-fraud-b]", "values: [card-fraud]"),
    gateway("PGM703", "---\napiVersion: policy/v1\n", _HPA),
    gateway("PGM704", "  selector:\n    matchLabels:\n      serving",
            "  @@selector:\n    matchLabels:\n      serving",
            "inferenceservice: card-fraud-a", "inferenceservice: card-fraud-z"),
]

SUPPRESSIONS = [
    gateway("PGM001 PGM307", "    minReplicas: 2",
            "    # phasegate: ignore[PGM307] @@\n    @@minReplicas: 0",
            "  minAvailable: 1", "  maxUnavailable: 1"),
    gateway("PGM002", "    minReplicas: 2",
            "    minReplicas: 2  # phasegate: ignore[PGM999] why@@"),
    gateway("PGM003", "    minReplicas: 2",
            "    minReplicas: 2  # phasegate: ignore[PGM307] why@@"),
    canary("PGM003", '"PGM303 every', '"@@PGM302 too; PGM303 every'),
]
# fmt: on
