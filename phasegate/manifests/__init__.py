"""Offline checks of KServe manifests, as KServe, its webhook and a cluster would read them."""
