"""Everything that is generated from contracts and pipelines, written or checked in one pass."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kfp import compiler, dsl
from kfp.dsl.base_component import BaseComponent
from kfp.dsl.graph_component import GraphComponent

from components.documentation import readme
from phasegate.manifests.page import rules_page
from phasegate.monitoring.observability.alert_rules import alert_rules, prometheus_rule
from phasegate.monitoring.observability.dashboard import dashboard
from phasegate.pipeline_lint.page import rules_page as pipeline_rules_page
from phasegate.pipeline_lint.schema.generate import pipeline_types
from phasegate.pipeline_lint.schema.types import FILE as PIPELINE_TYPES
from pipelines.deployment import deployment_pipeline
from pipelines.monitoring import monitoring_pipeline
from pipelines.platform import Platforms, on_platform
from pipelines.release import release_pipeline
from pipelines.reproduction import reproduction_pipeline
from pipelines.training import training_pipeline

ROOT = Path(__file__).resolve().parents[1]
PIPELINES = {
    "deployment": deployment_pipeline,
    "monitoring": monitoring_pipeline,
    "release": release_pipeline,
    "reproduction": reproduction_pipeline,
    "training": training_pipeline,
}


def write_all(
    check: bool = False, output: Path | None = None, platforms: Platforms | None = None
) -> list[Path]:
    """Bring compiled pipelines and component READMEs up to date; returns what was not.

    Args:
        check: only compare, write nothing.
        output: another folder for the compiled pipelines; then nothing else is written.
        platforms: what a cluster gives to the steps, by component; needs `output`.
    """
    stale = []
    pipelines = _on(platforms) if platforms else PIPELINES
    for path, text in (_compiled(output, pipelines) if output else _generated()).items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(path)
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    return stale


def components() -> dict[str, BaseComponent]:
    """Each component of the suite by its folder's name."""
    folders = sorted(path.parent.name for path in (ROOT / "components").glob("*/component.py"))
    return {
        name: getattr(importlib.import_module(f"components.{name}.component"), name)
        for name in folders
    }


def _on(platforms: Platforms) -> dict[str, GraphComponent]:
    """The pipelines, built again with the settings of a cluster."""
    with on_platform(platforms):
        return {name: _rebuilt(pipeline) for name, pipeline in PIPELINES.items()}


def _rebuilt(pipeline: GraphComponent) -> GraphComponent:
    known = pipeline.pipeline_spec.pipeline_info
    return dsl.pipeline(
        pipeline.pipeline_func,
        name=known.name,
        display_name=known.display_name,
        description=known.description,
    )


def _compiled(folder: Path, pipelines: Mapping[str, GraphComponent]) -> dict[Path, str]:
    return {folder / f"{name}.yaml": _compile(pipeline) for name, pipeline in pipelines.items()}


def _generated() -> dict[Path, str]:
    texts = _compiled(ROOT / "pipelines" / "compiled", PIPELINES)
    for name, component in components().items():
        texts[ROOT / "components" / name / "README.md"] = readme(component)
        texts[ROOT / "components" / name / "component.yaml"] = _compile(component)
    observability = ROOT / "kserve_manifests" / "observability"
    texts[observability / "alerts.yaml"] = alert_rules()
    texts[observability / "prometheus_rule.yaml"] = prometheus_rule()
    texts[observability / "dashboard.json"] = dashboard()
    texts[ROOT / "phasegate" / "manifests" / "RULES.md"] = rules_page()
    texts[ROOT / "phasegate" / "pipeline_lint" / "RULES.md"] = pipeline_rules_page()
    texts[PIPELINE_TYPES] = pipeline_types()
    return texts


def _compile(pipeline: BaseComponent) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.yaml"
        compiler.Compiler().compile(pipeline, str(path))
        return path.read_text(encoding="utf-8")
