"""What usually goes wrong with features, each kind as values that would have been served."""
