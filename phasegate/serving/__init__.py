"""Serving a model: KServe's model server around it, its process, and a client of its protocols."""
