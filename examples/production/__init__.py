"""Production on this machine, and its users: what the examples have in common."""
