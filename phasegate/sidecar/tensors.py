"""Tensors of the Open Inference Protocol in JSON, of requests and of answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from phasegate.sidecar.refusal import Refused


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of shape [rows] or [rows, width].

    Attributes:
        name: its name.
        rows: number of rows.
        width: values of each row.
        values: rows * width values, row-major.
    """

    name: str
    rows: int
    width: int
    values: Sequence[Any]


def read_tensors(tensors: Any, where: str, most_rows: int) -> list[Tensor]:
    """The tensors of a list of JSON objects.

    Raises:
        Refused: there are none, or one is not a tensor of at most two dimensions.
    """
    if not isinstance(tensors, list) or not tensors:
        raise Refused("body", "no list of tensors", where=where)
    return [_tensor(one, f"{where}[{at}]", most_rows) for at, one in enumerate(tensors)]


def _tensor(one: Any, where: str, most_rows: int) -> Tensor:
    if not isinstance(one, dict) or not isinstance(one.get("name"), str):
        raise Refused("body", "not a tensor", where=where, expected="an object with a name")
    name, shape, data = one["name"], one.get("shape"), one.get("data")
    if not isinstance(data, list):
        raise Refused(
            "binary" if data is None else "body",
            "no data in JSON",
            where=where,
            expected="a list of values; binary tensors are not logged",
        )
    if (
        not isinstance(shape, list)
        or not 1 <= len(shape) <= 2
        or not all(type(size) is int and size >= 1 for size in shape)
    ):
        raise Refused(
            "features", "a shape of neither one nor two dimensions", where=where,
            expected="[rows] or [rows, columns]",
        )  # fmt: skip
    if shape[0] > most_rows:
        raise Refused("rows", f"{shape[0]:,} rows", where=where, expected=f"at most {most_rows:,}")
    rows, width = shape[0], shape[1] if len(shape) == 2 else 1
    values = _flat(data)
    if len(values) != rows * width:
        raise Refused(
            "features", f"{len(values)} values of a shape {shape}", where=where,
            expected="as many values as the shape says",
        )  # fmt: skip
    return Tensor(name, rows, width, values)


def _flat(data: list[Any]) -> list[Any]:
    """Values in row order, whether rows are lists of their own or not."""
    if data and all(isinstance(row, list) for row in data):
        return [value for row in data for value in row]
    return data
