"""Run compiled pipelines on one machine: same YAML, same entrypoints, no Docker, no cluster."""
