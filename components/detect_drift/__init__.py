"""Judge whether what a model is asked, and what it answers, is still like its reference."""


def preload() -> None:
    """Import what every run of this step needs, while it waits for its turn."""
    import phasegate.monitoring.drift.gathering
    import phasegate.monitoring.drift.judge  # noqa: F401
