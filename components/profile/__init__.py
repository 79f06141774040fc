"""Count what a model's inputs and scores were like on rows that it did not learn from."""


def preload() -> None:
    """Import what its ``__main__`` does not import before it runs, while it waits for its turn."""
    from phasegate.models.booster import import_xgboost

    import_xgboost()
