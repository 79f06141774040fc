"""Give the champion everything back, from any phase, and after a promotion too."""
