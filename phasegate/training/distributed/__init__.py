"""One training by several workers, each with its rows, over XGBoost's own collective."""
