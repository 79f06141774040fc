"""From the rows or tensors of a request to the columns that a model reads, each value checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from phasegate.errors import BadInput
from phasegate.models import CATEGORICAL, NUMERIC, Input

_FLOATS = ("FP64", "FP32", "FP16")
_INTEGERS = ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64")
_DATATYPES = {CATEGORICAL: ("BYTES",), NUMERIC: (*_FLOATS, *_INTEGERS)}

Columns = dict[str, np.ndarray | pa.Array]


@dataclass(frozen=True)
class Tensor:
    """A named tensor of the Open Inference Protocol, with its values in row order."""

    name: str
    shape: tuple[int, ...]
    datatype: str
    values: Sequence[Any]


def columns_of_instances(instances: Any, inputs: Sequence[Input]) -> Columns:
    """The columns of ``instances``: objects by feature name, or lists in the order of inputs.

    Null is a missing value. Every feature must be there, and no other.

    Raises:
        BadInput: naming the instance and the feature, and the type that was expected.
    """
    if not isinstance(instances, list):
        raise BadInput(
            _was(instances), where="instances", expected="a list of objects, one for each row"
        )
    names = [one.name for one in inputs]
    wanted = set(names)
    rows = [_row(instance, names, wanted, at) for at, instance in enumerate(instances)]
    return {
        one.name: _column(one, (row[at] for row in rows), _null_only)
        for at, one in enumerate(inputs)
    }


def columns_of_tensors(
    tensors: Sequence[Tensor], inputs: Sequence[Input], *, nan_is_missing: bool
) -> Columns:
    """The columns of named tensors, one for each input, of shape [rows] or [rows, 1].

    Args:
        nan_is_missing: True for binary tensors, which have no other way to say so. In JSON a
            missing value is null, and NaN is an error.

    Raises:
        BadInput: naming the tensor, and the datatype or shape that was expected.
    """
    named = {tensor.name: tensor for tensor in tensors}
    _check_names(list(named), {one.name for one in inputs}, "inputs")
    if len(named) != len(tensors):
        raise BadInput("two tensors of the same name", where="inputs")
    rows = len(tensors[0].values) if tensors else 0
    is_missing = _null_or_nan if nan_is_missing else _null_only
    columns = {}
    for one in inputs:
        tensor = named[one.name]
        _check_tensor(tensor, one, rows)
        columns[one.name] = _column(one, tensor.values, is_missing)
    return columns


def _row(instance: Any, names: list[str], wanted: set[str], at: int) -> list[Any]:
    where = f"instances[{at}]"
    if isinstance(instance, dict):
        if instance.keys() != wanted:
            _check_names(instance, wanted, where)
        return [instance[name] for name in names]
    if isinstance(instance, list):
        if len(instance) != len(names):
            raise BadInput(
                f"{len(instance)} values",
                where=where,
                expected=f"{len(names)}, in the order {', '.join(names)}",
            )
        return instance
    raise BadInput(_was(instance), where=where, expected="an object of feature values, or a list")


def _check_names(found: Iterable[str], wanted: set[str], where: str) -> None:
    found = set(found)
    absent, extra = sorted(wanted - found), sorted(found - wanted)
    if absent:
        raise BadInput(
            f"no {_quoted(absent)}", where=where, expected="every feature; null where missing"
        )
    if extra:
        raise BadInput(
            f"unknown {_quoted(extra)}", where=where, expected=f"only {_quoted(sorted(wanted))}"
        )


def _check_tensor(tensor: Tensor, one: Input, rows: int) -> None:
    allowed = _DATATYPES[one.kind]
    if tensor.datatype not in allowed:
        raise BadInput(
            f"datatype {tensor.datatype[:20]}",
            where=f"input '{one.name}'",
            expected=f"{one.kind}: {', '.join(allowed)}",
        )
    if tensor.shape not in ((rows,), (rows, 1)) or len(tensor.values) != rows:
        raise BadInput(
            f"shape {list(tensor.shape)} and {len(tensor.values)} values",
            where=f"input '{one.name}'",
            expected=f"shape [{rows}] or [{rows}, 1] and {rows} values, as the first input has",
        )


def _column(
    one: Input, values: Iterable[Any], is_missing: Callable[[Any], bool]
) -> np.ndarray | pa.Array:
    read = _text if one.kind == CATEGORICAL else _number
    column: list[Any] = []
    for at, value in enumerate(values):
        try:
            column.append(None if is_missing(value) else read(value))
        except (TypeError, ValueError, OverflowError):
            raise BadInput(
                _was(value),
                where=f"feature '{one.name}' of row {at}",
                expected="text or null" if one.kind == CATEGORICAL else "a finite number or null",
            ) from None
    if one.kind == CATEGORICAL:
        return pa.array(column, pa.string())
    return np.array(column, dtype=np.float64)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode()
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # a lone surrogate is no text
    return value


def _null_only(value: Any) -> bool:
    return value is None


def _null_or_nan(value: Any) -> bool:
    return value is None or (isinstance(value, float | np.floating) and math.isnan(value))


def _was(value: Any) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"


def _quoted(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name[:60]}'" for name in names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"
