"""Measure how good the model is, and estimate it where labels are not known yet."""
