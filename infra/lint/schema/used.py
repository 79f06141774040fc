"""Which resource types and provider versions the tree uses."""

from __future__ import annotations

import re

from infra.lint.modules import Kind, Tree

_EXACT = re.compile(r"\s*=?\s*([0-9]+\.[0-9]+\.[0-9]+)\s*\Z")


def used_types(tree: Tree) -> dict[str, frozenset[str]]:
    """Types by ``resource``, ``data`` and ``ephemeral``."""
    found: dict[str, set[str]] = {"resource": set(), "data": set(), "ephemeral": set()}
    for module in tree.modules.values():
        for kind, declared in (
            ("resource", module.resources),
            ("data", module.data),
            ("ephemeral", module.ephemerals),
        ):
            found[kind].update(name.partition(".")[0] for name in declared)
    return {kind: frozenset(types) for kind, types in found.items()}


def exact(constraint: str) -> str | None:
    """The version that an exact constraint names, or None.

    >>> exact("= 7.45.0"), exact("7.45.0"), exact("~> 7.45")
    ('7.45.0', '7.45.0', None)
    """
    match = _EXACT.match(constraint)
    return match[1] if match else None


def admits(constraint: str, version: str) -> bool:
    """Whether a constraint of exact, pessimistic and comparing parts admits a version.

    >>> admits("~> 7.45", "7.45.0"), admits("~> 7.45", "8.0.0"), admits(">= 1.9, < 2.0", "1.11.4")
    (True, False, True)
    """
    return all(_admits(part.strip(), _numbers(version)) for part in constraint.split(","))


def _admits(part: str, version: tuple[int, ...]) -> bool:
    operator, text = re.match(r"([<>=!~]*)\s*(.*)", part).groups()  # type: ignore[union-attr]
    wanted = _numbers(text)
    padded = wanted + (0,) * (len(version) - len(wanted))
    match operator:
        case ">=":
            return version >= padded
        case ">":
            return version > padded
        case "<":
            return version < padded
        case "<=":
            return version <= padded
        case "!=":
            return version != padded
        case "~>":
            return version >= padded and version[: len(wanted) - 1] == wanted[:-1]
    return version == padded


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(r"[0-9]+", text.partition("-")[0]))


def exact_pins(tree: Tree) -> dict[str, str]:
    """Version of each provider that a root pins exactly, by source."""
    pins: dict[str, str] = {}
    for module in tree.of_kind(Kind.ROOT):
        for requirement in module.requirements.values():
            version = exact(requirement.version)
            if version:
                pins[requirement.source] = version
    return pins
