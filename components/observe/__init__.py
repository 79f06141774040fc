"""What a run of monitoring looks at, decided once for all of its steps."""


def preload() -> None:
    """Import what every run of this step needs, while it waits for its turn."""
    import components.observe.observe  # noqa: F401
