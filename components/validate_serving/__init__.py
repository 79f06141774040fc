"""Load a model in a real KServe server and hold its answers against offline predictions."""


def preload() -> None:
    """Import what its ``__main__`` does not import before it runs, while it waits for its turn."""
    from phasegate.models.booster import import_xgboost

    import_xgboost()
