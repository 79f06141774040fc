"""Bring a release to a share of the traffic, if its own gates let it."""


def preload() -> None:
    """Import what every run of this step needs, while it waits for its turn."""
    import phasegate.release.drivers.addressed
    import phasegate.release.drivers.shifting  # noqa: F401
