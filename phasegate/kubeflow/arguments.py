"""Parameters of a run: made from a project, and held to what the pipeline takes. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phasegate.digests import canonical_json
from phasegate.errors import BadInput
from phasegate.kubeflow.compiled import Compiled, Parameter

if TYPE_CHECKING:
    from phasegate.project.load import Project

Values = Mapping[str, Any]
_KINDS = {
    "STRING": "text",
    "NUMBER_INTEGER": "a whole number",
    "NUMBER_DOUBLE": "a number",
    "BOOLEAN": "true or false",
    "LIST": "a JSON list",
    "STRUCT": "a JSON object",
}


def project_arguments(compiled: Compiled, project: Project, place: Mapping[str, str]) -> Values:
    """What a project says about a pipeline's parameters.

    Args:
        compiled: one of ours, or any other, which gets those that it takes.
        place: parameters that are no project's, such as ``store``, ``log``, ``target``, ``flags``
            and ``sink``; empty ones are left out.
    """
    given: dict[str, Any] = dict(project.parameters())
    if compiled.name.endswith(("phasegate-release", "phasegate-deployment")):
        given = {"name": project.name, "policy": _json(project.policy().to_json())}
        given["log"] = place.get("store", "")
    elif compiled.name.endswith("phasegate-monitoring"):
        given["policy"] = _json(project.monitoring().to_json())
        given["log"] = given["snapshots"] = place.get("store", "")
    given |= {name: value for name, value in place.items() if value}
    return {name: value for name, value in given.items() if value and name in compiled.parameters}


def machine_bound(
    compiled: Compiled, project: Project, place: Mapping[str, str]
) -> tuple[str, ...]:
    """Parameters that hold paths of this machine, because the project file's are relative."""
    moved = replace(project, folder=Path("/another/machine"))
    here, there = (project_arguments(compiled, one, place) for one in (project, moved))
    return tuple(name for name in here if here[name] != there[name])


def check_arguments(compiled: Compiled, given: Values) -> Values:
    """Hold parameters to what the pipeline takes; whole numbers become so.

    Raises:
        BadInput: all that are unknown, missing or of another type, in one message.
    """
    known = compiled.parameters
    problems = []
    for name in sorted(set(given) - set(known)):
        near = get_close_matches(name, known, n=1)
        problems.append(f"it takes no '{name}'" + (f" (but '{near[0]}')" if near else ""))
    missing = [name for name, one in known.items() if one.required and name not in given]
    if missing:
        problems.append(f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not given")
    checked = {}
    for name in sorted(set(given) & set(known)):
        try:
            checked[name] = _typed(known[name], given[name])
        except ValueError:
            kind = _KINDS.get(known[name].kind, known[name].kind)
            problems.append(f"'{name}' is {_shown(given[name])}, and not {kind}")
    if problems:
        raise BadInput(
            "; ".join(problems),
            where=f"parameters of {compiled.name}",
            fix="give them by --param NAME=VALUE, or by the option of that name",
        )
    return checked


def parse_argument(compiled: Compiled, text: str) -> tuple[str, Any]:
    """A parameter as it is written on the command line: ``NAME=VALUE``.

    Raises:
        BadInput: it is not written so.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise BadInput(f"'{text}' is none", where="--param", expected="NAME=VALUE")
    declared = compiled.parameters.get(name.strip())
    if declared is None or declared.kind == "STRING":
        return name.strip(), value
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value  # of another type, which the check will say


def _typed(declared: Parameter, value: Any) -> Any:
    """The value as the pipeline wants it.

    Raises:
        ValueError: it is of another type.
    """
    check: Callable[[Any], bool] = {
        "STRING": lambda one: isinstance(one, str),
        "NUMBER_INTEGER": lambda one: _is_number(one) and float(one).is_integer(),
        "NUMBER_DOUBLE": _is_number,
        "BOOLEAN": lambda one: isinstance(one, bool),
        "LIST": lambda one: isinstance(one, list),
        "STRUCT": lambda one: isinstance(one, dict),
    }.get(declared.kind, lambda _: False)
    if not check(value):
        raise ValueError
    return int(value) if declared.kind == "NUMBER_INTEGER" else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _json(value: Any) -> str:
    return canonical_json(value).decode()
