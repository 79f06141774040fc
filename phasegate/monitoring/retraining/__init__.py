"""Nothing, retrain, roll back, or ask a person: decided by evidence, recorded in a journal."""
