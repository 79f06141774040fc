"""Rules for compiled pipelines, one family a module: pure functions from a pipeline to problems."""

from phasegate.pipeline_lint.rules import (  # noqa: F401  (they register)
    caching,
    conditions,
    containers,
    documents,
    flow,
    graphs,
    placeholders,
    platform,
    references,
    resources,
    secrets,
    types,
)
from phasegate.pipeline_lint.rules.registry import PIPELINE_RULES

__all__ = ["PIPELINE_RULES"]
