"""What becomes of a released model: drift, performance, skew, and what to do about them."""
