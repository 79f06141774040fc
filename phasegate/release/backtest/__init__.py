"""Replay release policies over a past log: what would they have decided, when, and at what cost."""
