"""Types of KServe, Kubernetes and the Gateway API, as compact generated data, and their check."""
