"""Drift in the sidecar: sealed segments are counted, kept by window, judged, and alerted on."""
