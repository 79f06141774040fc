"""Enter a model into the MLflow registry, if every gate passed exactly this model."""


def preload() -> None:
    """Import what every run of this step needs, while it waits for its turn."""
    import phasegate.registry.models  # noqa: F401
