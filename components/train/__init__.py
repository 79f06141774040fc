"""Train, calibrate and set the threshold of a model, reproducibly."""


def preload() -> None:
    """Import what every run of this step needs, while it waits for its turn."""
    import components.train.outputs
    import components.train.page  # noqa: F401
    from phasegate.models.booster import import_xgboost

    import_xgboost()
