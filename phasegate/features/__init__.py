"""Feature definitions, declared once, and the columns that they make, point in time."""
