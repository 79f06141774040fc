"""What a sidecar that watches drift left in its store, and what it says."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from phasegate.metric_names import MetricName
from phasegate.sidecar.process import SidecarProcess

Labels = dict[str, str]


def scrape(address: str) -> dict[str, list[tuple[Labels, float]]]:
    """Every series of a process by name."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found: dict[str, list[tuple[Labels, float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def total(sidecar: SidecarProcess, metric: MetricName, **labels: str) -> float:
    """The sum of a metric's series that have these labels."""
    series = scrape(sidecar.address).get(metric.series, [])
    return sum(value for own, value in series if labels.items() <= own.items())


def documents(store: Path, kind: str) -> dict[str, Any]:
    """JSON documents of monitoring in a store, by name: ``summaries`` or ``alerts``."""
    found = sorted((store / "monitoring").glob(f"*/{kind}/**/*.json"))
    return {str(path.relative_to(store)): json.loads(path.read_bytes()) for path in found}
