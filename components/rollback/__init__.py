"""Give the champion everything back, from any phase, and after a promotion too."""


def preload() -> None:
    """Import what every run of this step needs, while it waits for its turn."""
    import phasegate.release.drivers.addressed
    import phasegate.release.drivers.manual  # noqa: F401
