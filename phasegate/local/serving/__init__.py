"""Models served on this machine: real KServe servers, a real Envoy, a sidecar."""
