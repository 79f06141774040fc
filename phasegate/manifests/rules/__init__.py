"""Rules for manifests, one family a module: pure functions from a stream of objects to problems."""

from phasegate.manifests.rules import (  # noqa: F401  (they register)
    autoscaling,
    canaries,
    components,
    containers,
    documents,
    graphs,
    logging,
    models,
    names,
    neighbours,
    replicas,
    routes,
    runtimes,
    security,
    shared_urls,
    storage,
    workers,
)
from phasegate.manifests.rules.registry import MANIFEST_RULES

__all__ = ["MANIFEST_RULES"]
