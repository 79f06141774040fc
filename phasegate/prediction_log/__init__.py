"""The prediction log: what was asked and answered, kept without making any request wait."""
