"""Whether features were served as they are computed for training."""
