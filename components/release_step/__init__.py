"""Carry a model's release on by at most one decision."""


def preload() -> None:
    """Import what every run of this step needs, while it waits for its turn."""
    import phasegate.release.drivers.step
    import phasegate.release.gathering.log  # noqa: F401
