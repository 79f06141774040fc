"""What MLflow's server on a cluster needs beside MLflow: tables of its version, and a probe."""
