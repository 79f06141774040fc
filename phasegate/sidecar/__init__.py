"""The sidecar: moves the prediction log from a spool into the store, and logs foreign runtimes."""
