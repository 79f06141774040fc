"""Enter a model into the MLflow registry, if every gate passed exactly this model."""
