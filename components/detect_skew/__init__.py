"""Served features held against those that raw events give, row by row and as distributions."""


def preload() -> None:
    """Import what every run of this step needs, while it waits for its turn."""
    import phasegate.monitoring.skew.detection
    import phasegate.release.gathering.label_files  # noqa: F401
