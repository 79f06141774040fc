"""Judge a model against its gates, and against the champion on the same frozen rows."""


def preload() -> None:
    """Import what every run of this step needs, while it waits for its turn."""
    import fairlearn.metrics  # noqa: F401

    import components.evaluate.champion
    import components.evaluate.report  # noqa: F401
    from phasegate.models.booster import import_xgboost

    import_xgboost()
