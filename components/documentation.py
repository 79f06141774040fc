"""A component's README, generated from its contract."""

from __future__ import annotations

from typing import Any

from kfp.dsl.base_component import BaseComponent
from kfp.pipeline_spec.pipeline_spec_pb2 import ParameterType

from phasegate import contracts

_CONTRACTS = {
    kind.schema_title: kind
    for kind in vars(contracts).values()
    if isinstance(kind, type)
    and issubclass(kind, contracts.Artifact)
    and kind is not contracts.Artifact
}
_KFP_TYPES = {
    "system.HTML": "A page, shown in KFP's UI.",
    "system.Metrics": "Numbers, shown in KFP's UI.",
    "system.ClassificationMetrics": "ROC curve and confusion matrix, shown in KFP's UI.",
}


def readme(component: BaseComponent) -> str:
    """Markdown that states what a component takes, gives and promises."""
    spec = component.pipeline_spec
    interface = spec.components[f"comp-{component.name}"]
    container = spec.deployment_spec["executors"][f"exec-{component.name}"]["container"]
    inputs, outputs = interface.input_definitions, interface.output_definitions
    types = {
        entry.artifact_type.schema_title
        for definitions in (inputs, outputs)
        for entry in definitions.artifacts.values()
    }
    parts = [
        f"# {component.name}",
        spec.pipeline_info.description or component.description or "",
        f"Image `{container['image']}`, command `{' '.join(container['command'])}`.",
        "## Inputs",
        _table(_rows(inputs)),
        "## Outputs",
        _table(_rows(outputs)) if _rows(outputs) else "None.",
    ]
    documented = [_CONTRACTS[title] for title in sorted(types) if title in _CONTRACTS]
    if documented:
        parts += ["## Artifacts", *[_contract(kind) for kind in documented]]
    parts.append("Generated from `component.py` by `phasegate compile`; do not edit.")
    return "\n\n".join(part for part in parts if part) + "\n"


def _rows(definitions: Any) -> list[tuple[str, str, str]]:
    artifacts = [
        (name, entry.artifact_type.schema_title, entry.description)
        for name, entry in definitions.artifacts.items()
    ]
    parameters = [
        (name, _parameter_type(entry), entry.description)
        for name, entry in definitions.parameters.items()
    ]
    return sorted(parameters) + sorted(artifacts)


def _parameter_type(entry: Any) -> str:
    return ParameterType.ParameterTypeEnum.Name(entry.parameter_type).lower()


def _table(rows: list[tuple[str, str, str]]) -> str:
    lines = ["| name | type | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | `{kind}` | {' '.join(text.split())} |" for name, kind, text in rows]
    return "\n".join(lines)


def _contract(kind: type[contracts.Artifact]) -> str:
    files = "\n".join(f"- `{name}`: {text}" for name, text in kind.FILES.items())
    rows = [(name, of.__name__, text) for name, (of, text) in kind.fields().items()]
    summary = (kind.__doc__ or "").strip()
    return (
        f"### `{kind.schema_title}` {kind.schema_version}\n\n{summary}\n\n{files}\n\n{_table(rows)}"
    )
