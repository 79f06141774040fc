"""Traffic targets on a Kubernetes cluster where KServe serves the models."""
