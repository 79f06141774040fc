"""Served features held against those that raw events give, row by row and as distributions."""


def preload() -> None:
    """Import what its ``__main__`` does not import before it runs, while it waits for its turn."""
    import pandas  # noqa: F401  (pyarrow does, for times)
