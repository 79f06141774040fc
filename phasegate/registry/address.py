"""Environment variables that lead to the MLflow server; to name them takes no import of MLflow."""

ADDRESS = "MLFLOW_TRACKING_URI"
STARTING = "PHASEGATE_TRACKING_START_SECONDS"
