"""Take back the change that made a model worse, or ask whoever can."""
