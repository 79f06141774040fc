"""Import of a library on first use would break Hypothesis's deadline for one example."""

from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
