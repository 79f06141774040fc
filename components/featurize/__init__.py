"""Compute the features of every event, from what was known strictly before it."""


def preload() -> None:
    """Import what every run of this step needs, while it waits for its turn."""
    import phasegate.features.compute  # noqa: F401
