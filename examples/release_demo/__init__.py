"""Releases in production, on this machine: a good challenger, and several bad ones."""
