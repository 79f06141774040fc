"""Claim a training in the monitoring journal, or be denied it."""
