"""Judge a model against its gates, and against the champion on the same frozen rows."""


def preload() -> None:
    """Import what its ``__main__`` does not import before it runs, while it waits for its turn."""
    import fairlearn.metrics  # noqa: F401

    from phasegate.models.booster import import_xgboost

    import_xgboost()
