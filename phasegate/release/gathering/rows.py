"""What is taken over from a relation of predictions, and under which names."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from phasegate.errors import BadInput

# A text that no entity and no request share: whoever has no entity is alone.
KEY = """coalesce('entity ' || entity, 'request ' || request_id) AS key"""


def feature_names(relation: duckdb.DuckDBPyRelation) -> tuple[str, ...]:
    """Names in the relation's struct ``features``.

    Raises:
        BadInput: there is no such struct.
    """
    for name, kind in zip(relation.columns, relation.types, strict=True):
        if name == "features" and kind.id == "struct":
            return tuple(name for name, _ in kind.children)
    raise BadInput("there is no struct of features", expected="a relation of predictions")


def feature_columns(names: Iterable[str]) -> list[str]:
    """SQL that takes features out of their struct: NAME becomes the column ``features.NAME``."""
    return [
        f"features.{quoted(name)} AS {quoted(f'features.{name}')}" for name in sorted(set(names))
    ]


def feature(name: str) -> str:
    """SQL of a feature that `feature_columns` took out."""
    return quoted(f"features.{name}")


def is_empty(relation: duckdb.DuckDBPyRelation) -> bool:
    """Whether it has no row."""
    return not relation.limit(1).aggregate("count(*)").fetchall()[0][0]


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as SQL."""
    return "'" + value.replace("'", "''") + "'"
