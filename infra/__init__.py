"""The cloud that Phasegate runs in, and the checks of it."""
