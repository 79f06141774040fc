"""Traffic carried by an Envoy proxy on this machine."""
