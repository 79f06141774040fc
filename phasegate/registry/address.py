"""Environment variables that lead to the MLflow server; to name them takes no import of MLflow."""

ADDRESS = "MLFLOW_TRACKING_URI"
PATIENCE = "PHASEGATE_RETRY_SECONDS"
STARTING = "PHASEGATE_TRACKING_START_SECONDS"
