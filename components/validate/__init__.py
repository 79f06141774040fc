"""Judge whether a snapshot is fit to train on: statistics, schema, anomalies, a verdict."""


def preload() -> None:
    """Import what its ``__main__`` does not import before it runs, while it waits for its turn."""
    import tensorflow_data_validation  # noqa: F401
