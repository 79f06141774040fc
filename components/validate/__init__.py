"""Is this snapshot fit to train on: statistics, schema, anomalies, a verdict and a report."""
