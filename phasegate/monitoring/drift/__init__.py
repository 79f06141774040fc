"""Whether a window of predictions is still like the reference."""
