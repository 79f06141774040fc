"""Compute the features of every event, from what was known strictly before it."""
