"""Count what a model's inputs and scores were like on rows that it did not learn from."""


def preload() -> None:
    """Import what every run of this step needs, while it waits for its turn."""
    import components.profile.page
    import components.profile.reference  # noqa: F401
    import phasegate.monitoring.drift.calibration  # noqa: F401
    from phasegate.models.booster import import_xgboost

    import_xgboost()
