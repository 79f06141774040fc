"""MLflow's server of local runs."""


def preload() -> None:
    """Import what it needs, while its address is being handed out."""
    import mlflow.store.tracking.sqlalchemy_store  # noqa: F401
