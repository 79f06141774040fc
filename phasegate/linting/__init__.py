"""Checks of files that other tools read: findings with a line, rules with a code and a reason."""
