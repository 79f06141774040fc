"""Parameters of a run held to its pipeline, as the backend does."""

from __future__ import annotations

from typing import Any

from tests.kubeflow.fake.refusals import invalid

_TYPES: dict[str, type | tuple[type, ...]] = {
    "STRING": str,
    "NUMBER_INTEGER": (int, float),
    "NUMBER_DOUBLE": (int, float),
    "BOOLEAN": bool,
    "LIST": list,
    "STRUCT": dict,
}


def check(spec: dict[str, Any], given: dict[str, Any]) -> None:
    """Hold parameters to a pipeline.

    Raises:
        Refused: 400, one is missing, unknown or of another type.
    """
    whole = spec.get("pipeline_spec", spec)
    declared = whole["root"].get("inputDefinitions", {}).get("parameters", {})
    for name, one in declared.items():
        if name not in given and not one.get("isOptional") and "defaultValue" not in one:
            raise invalid(
                f"parameter {name} is not optional, yet has neither default value nor user"
                " provided value"
            )
    for name, value in given.items():
        if name not in declared:
            raise invalid(f"parameter {name} is not in the pipeline's input definitions")
        kind = declared[name].get("parameterType", "")
        wanted = _TYPES.get(kind)
        wrong = wanted is not bool and isinstance(value, bool)
        if wanted and (wrong or not isinstance(value, wanted)):
            raise invalid(f"input parameter {name} requires type {kind}")
