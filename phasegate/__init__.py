"""Phasegate: take a tabular model from data to monitored production, with a gate at every stage."""

__version__ = "0.1.0"
