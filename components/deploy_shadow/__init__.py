"""Serve a registered model beside the champion, and start its release as a shadow."""


def preload() -> None:
    """Import what its ``__main__`` does not import before it runs, while it waits for its turn."""
    from phasegate.models.booster import import_xgboost

    import_xgboost()
