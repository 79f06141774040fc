"""Tell people what monitoring cannot do by itself."""
