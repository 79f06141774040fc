"""Drift of any table, in its own order: no model, no log, no clock."""
