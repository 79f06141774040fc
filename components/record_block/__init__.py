"""Record in MLflow that a gate stopped the pipeline, and why."""
