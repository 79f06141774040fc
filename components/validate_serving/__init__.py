"""Load a model in a real KServe server and hold its answers against offline predictions."""


def preload() -> None:
    """Import what every run of this step needs, while it waits for its turn."""
    import components.validate_serving.asking
    import components.validate_serving.golden  # noqa: F401
    from phasegate.models.booster import import_xgboost

    import_xgboost()
