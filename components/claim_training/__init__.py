"""Claim a training in the monitoring journal, or be denied it."""


def preload() -> None:
    """Import what every run of this step needs, while it waits for its turn."""
    import phasegate.monitoring.retraining.trainings
    import phasegate.release.store.folder  # noqa: F401
