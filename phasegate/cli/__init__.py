"""The command `phasegate`."""
