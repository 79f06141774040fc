"""Bring a release to a share of the traffic, if its own gates let it."""
