"""Tests on samples of rows, in a process of their own that starts when a window first ends."""
