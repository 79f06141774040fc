"""One scalar SQL expression, checked node by node before anything runs it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import duckdb

from phasegate.errors import BadInput
from phasegate.release.gathering.allowed import FUNCTIONS, NODES, TYPES

LONGEST = 10_000  # characters


class BadMetric(BadInput):
    """The business metric cannot be computed; everything else can."""


class Expression:
    """A checked expression over the columns of one row.

    Args:
        sql: what the user wrote.

    Raises:
        BadMetric: it is not one scalar expression, or uses what is not on the lists.
    """

    def __init__(self, sql: str) -> None:
        self.sql = sql
        try:
            self._statement = _parsed(sql)
        except RecursionError:
            raise refused(sql, "nested too deeply") from None
        for node in _nodes(self._root):
            if reason := _objection(node):
                raise refused(sql, reason)

    @property
    def _root(self) -> dict[str, Any]:
        return self._statement["node"]["select_list"][0]

    def columns(self, known: Sequence[str]) -> tuple[str, ...]:
        """Those of the known columns that it names, in their order.

        Names are compared as SQL does, whatever their case, unless the exact one is known.
        ``features.NAME`` names a feature that another column hides.

        Args:
            known: columns of a row; features by ``features.NAME``, and others by their names.

        Raises:
            BadMetric: it names another one.
        """
        used = {
            self._resolved(node, known) for node in _nodes(self._root) if _is(node, "COLUMN_REF")
        }
        return tuple(name for name in known if name in used)

    def bound_to(self, places: Mapping[str, str]) -> str:
        """Its text with each column by the name that it has in a table.

        DuckDB writes the text from what was checked, so that nothing else can be in it.

        Args:
            places: known column, as in `columns`, -> name of the table's column.

        Raises:
            BadMetric: it names another column.
        """
        statement = copy.deepcopy(self._statement)
        for node in _nodes(statement["node"]["select_list"][0]):
            if _is(node, "COLUMN_REF"):
                node["column_names"] = [places[self._resolved(node, list(places))]]
        whole = json.dumps({"error": False, "statements": [statement]})
        return _asked("SELECT json_deserialize_sql(?::JSON)", whole).removeprefix("SELECT ")

    def _resolved(self, node: Mapping[str, Any], known: Sequence[str]) -> str:
        name = ".".join(node["column_names"])
        candidates = [name] if name in known else []
        candidates = candidates or [f"features.{name}"] * (f"features.{name}" in known)
        if not candidates:
            lower = name.lower()
            candidates = [one for one in known if one.lower() == lower] or [
                one for one in known if one.lower() == f"features.{lower}"
            ]
        if len(candidates) != 1:
            what = "stands for several columns" if candidates else "is no column"
            raise refused(self.sql, f"'{name}' {what}", known)
        return candidates[0]


def refused(sql: str, reason: str, known: Sequence[str] = ()) -> BadMetric:
    """What is wrong with a business metric, with the columns that it may name."""
    names = ", ".join(name.removeprefix("features.") for name in known)
    return BadMetric(
        f"{reason}, in the SQL {' '.join(sql.split())[:300]!r}",
        where="business metric",
        expected=f"one expression over the columns {names}" if names else "one expression",
    )


def _unplaced(node: dict[str, Any]) -> dict[str, Any]:
    """A node without the place where it stands in the text."""
    return {name: value for name, value in node.items() if not name.startswith("query_location")}


def _asked(query: str, text: str) -> str:
    return _parser().cursor().execute(query, [text]).fetchall()[0][0]


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def _parsed(sql: str) -> dict[str, Any]:
    if not sql.strip() or len(sql) > LONGEST:
        raise refused(sql, f"{len(sql):,} characters, of 1 to {LONGEST:,}")
    # A line break ends a comment that would otherwise hide what comes next.
    statement, within = _parse(f"SELECT {sql}\n", sql), _parse(f"SELECT ({sql}\n)", sql)
    if len(statement) != 1:
        raise refused(sql, "several statements")
    # What means another thing between brackets is more than an expression; so is any clause.
    columns, rest = _split(statement[0])
    if (columns, rest) != _split(within[0]) or rest != _split(_parse("SELECT 1", sql)[0])[1]:
        raise refused(sql, "more than an expression")
    if len(columns) != 1 or columns[0].get("alias"):
        raise refused(sql, "more than an expression")
    return statement[0]


def _split(statement: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Columns of a statement, and all the rest of it."""
    node = dict(statement.get("node", {}))
    columns = node.pop("select_list", [])
    return columns, {**statement, "node": node}


def _parse(text: str, sql: str) -> list[dict[str, Any]]:
    try:
        answer = _asked("SELECT json_serialize_sql(?::VARCHAR)", text)
        parsed = json.loads(answer, object_hook=_unplaced)
    except RecursionError:
        raise refused(sql, "nested too deeply") from None
    except (duckdb.Error, ValueError) as error:
        raise refused(sql, f"DuckDB cannot read it ({_first_line(error)})") from None
    if parsed["error"]:
        raise refused(sql, f"DuckDB says: {_first_line(parsed['error_message'])}")
    return parsed["statements"]


def _nodes(root: Any) -> Iterator[dict[str, Any]]:
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "class" in value:
                yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _is(node: Mapping[str, Any], kind: str) -> bool:
    return node["class"] == kind


def _objection(node: Mapping[str, Any]) -> str:
    """Why a node is not allowed; empty where it is."""
    kind = node["class"]
    if node.get("type") not in NODES.get(kind, ()):
        what = kind if kind == node.get("type") else f"{kind} {node.get('type')}"
        return f"{what.lower().replace('_', ' ')} is not allowed"
    if kind == "FUNCTION":
        name = node["function_name"]
        if node["qualified_name"] != {"path": [name]} or node["schema"] or node["catalog"]:
            return f"function {name}() of a schema is not allowed"
        if name.lower() not in FUNCTIONS:
            return f"function {name}() is not allowed"
        if node["filter"] or node["order_bys"]["orders"] or node["distinct"]:
            return f"function {name}() takes nothing but values of the row"
    if kind == "TYPE":
        if node["type_name"].upper() not in TYPES or node["schema"] or node["catalog"]:
            return f"type {node['type_name']} is not allowed"
        if not all(_is(child, "CONSTANT") for child in node["children"]):
            return f"type {node['type_name']} is not allowed"
    return ""


def _first_line(error: object) -> str:
    return (str(error).splitlines() or [""])[0][:300]
