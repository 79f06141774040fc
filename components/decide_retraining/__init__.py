"""Decide whether a model is retrained, a change rolled back, a person asked, or nothing done."""
