"""The generated types of compiled pipelines."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from phasegate.manifests.schema.structure import Types
from phasegate.pipeline_lint.schema.fitting import Fitting

FILE = Path(__file__).with_name("pipeline-spec.json")
PIPELINE, PLATFORM = {"$ref": "PipelineSpec"}, {"$ref": "PlatformSpec"}


@functools.lru_cache
def fitting() -> Fitting:
    """Quick checks against them."""
    return Fitting(bundled())


@functools.lru_cache
def bundled() -> Types:
    """Types that come with us."""
    return Types(json.loads(FILE.read_text(encoding="utf-8"))["definitions"])
