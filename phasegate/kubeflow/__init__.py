"""Kubeflow Pipelines: what phasegate asks of its REST API (v2beta1), and what it submits there."""
