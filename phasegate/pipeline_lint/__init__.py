"""Checks of compiled KFP pipelines: traps that otherwise show on the cluster, or never."""
