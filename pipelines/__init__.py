"""Pipelines assembled from the components, and their compiled YAML."""
