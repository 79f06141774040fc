"""Serving under load: against named peers, through the proxy, at the kill switch, over time."""
