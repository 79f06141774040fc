"""Carry a model's release on by at most one decision."""
