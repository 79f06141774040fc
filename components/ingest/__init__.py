"""Copy a source of events into an immutable, content-addressed snapshot."""
