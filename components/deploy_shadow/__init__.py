"""Serve a registered model beside the champion, and start its release as a shadow."""


def preload() -> None:
    """Import what every run of this step needs, while it waits for its turn."""
    import phasegate.release.drivers.addressed
    import phasegate.release.drivers.deploying
    import phasegate.serving.trial  # noqa: F401
    from phasegate.models.booster import import_xgboost

    import_xgboost()
