"""Alert rules and a dashboard, generated from the names that processes export."""
