"""Evidence from the prediction log, by DuckDB: statistics whose size does not grow with traffic."""
