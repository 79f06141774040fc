"""Give back the claim of a training that failed."""
