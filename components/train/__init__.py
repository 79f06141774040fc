"""Train, calibrate and set the threshold of a model, reproducibly."""


def preload() -> None:
    """Import what its ``__main__`` does not import before it runs, while it waits for its turn."""
    from phasegate.models.booster import import_xgboost

    import_xgboost()
