"""The CRDs that the fake starts with, and reading others from files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "crds"
ALL = tuple(json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json")))


def read(sources: Iterable[Mapping[str, Any] | Path]) -> Iterator[Mapping[str, Any]]:
    """The CRDs of dicts, of files, and of folders of files."""
    for source in sources:
        if isinstance(source, Mapping):
            yield source
            continue
        for path in sorted(source.glob("*.yaml")) if source.is_dir() else [source]:
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            for value in yaml.load_all(path.read_text(encoding="utf-8"), loader):
                if value and value.get("kind") == "CustomResourceDefinition":
                    yield value
