"""What happens to a model after it is released: drift, performance, skew, and what to do about it."""
