"""Checks of the Terraform tree that need no cloud: schema, references, policy, tables."""
