"""Objects of a Kubernetes cluster as plain dictionaries, and what can go wrong with them."""
