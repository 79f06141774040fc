"""Six simulated months of card payments, replayed through the real parts: `make run`."""
