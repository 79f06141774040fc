"""From the instances or tensors of a request to the rows that a model scores, each value checked.

Whole columns are checked at C speed: one pass over the values' types, one over their range. Only
when that fails is the value looked for that is to blame.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from phasegate.errors import BadInput
from phasegate.models import CATEGORICAL, NUMERIC, Input
from phasegate.serving.limits import Limits

_FLOATS = ("FP64", "FP32", "FP16")
_INTEGERS = ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64")
_DATATYPES = {CATEGORICAL: ("BYTES",), NUMERIC: (*_FLOATS, *_INTEGERS)}
_NUMBERS = {int, float, type(None)}
_TEXTS = {str, type(None)}
# The trees compare float32 values.
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one request.

    Attributes:
        numeric: float64 [rows, numeric inputs] in the model's order; NaN is missing.
        text: one list [rows] for each categorical input in the model's order; None is missing.
        rows: how many.
    """

    numeric: np.ndarray
    text: list[list[str | None]]
    rows: int


@dataclass(frozen=True, slots=True)
class Tensor:
    """A named tensor of the Open Inference Protocol, with its values in row order."""

    name: str
    shape: tuple[int, ...]
    datatype: str
    values: Sequence[Any]


class RowReader:
    """Reads requests for one set of inputs.

    Args:
        inputs: columns that a request must carry, all of them and no other.
        limits: how much of them.
    """

    def __init__(self, inputs: Sequence[Input], limits: Limits) -> None:
        self._inputs = {one.name: one for one in inputs}
        self._names = list(self._inputs)
        self._numeric = [one.name for one in inputs if one.kind == NUMERIC]
        self._text = [one.name for one in inputs if one.kind == CATEGORICAL]
        self._limits = limits

    def of_instances(self, instances: Any) -> Batch:
        """The rows of ``instances``: objects by input name, or lists in the order of inputs.

        Null is a missing value. Every input must be there, and no other.

        Raises:
            BadInput: naming the instance and the input, and the type that was expected.
        """
        if not isinstance(instances, list):
            raise BadInput(
                _was(instances), where="instances", expected="a list of objects, one for each row"
            )
        self._check_rows(len(instances), "instances")
        wanted = self._inputs.keys()
        rows = [self._row(instance, wanted, at) for at, instance in enumerate(instances)]
        columns = {name: [row[name] for row in rows] for name in self._names}
        return self._batch(columns, len(rows), nan_is_missing=False)

    def of_tensors(self, tensors: Sequence[Tensor], *, nan_is_missing: bool) -> Batch:
        """The rows of named tensors, one for each input, of shape [rows] or [rows, 1].

        Where all inputs are numeric, one tensor of shape [rows, inputs] under another name is
        taken as their values in the model's order, as other runtimes for XGBoost take it.

        Args:
            nan_is_missing: True for binary tensors, which have no other way to say so. In JSON a
                missing value is null, and NaN is an error.

        Raises:
            BadInput: naming the tensor, and the datatype or shape that was expected.
        """
        if len(tensors) == 1 and not self._text and self._is_matrix(tensors[0]):
            return self._matrix(tensors[0], nan_is_missing)
        named = {tensor.name: tensor for tensor in tensors}
        _check_names(named.keys(), self._inputs.keys(), "inputs")
        if len(named) != len(tensors):
            raise BadInput("two tensors of the same name", where="inputs")
        rows = len(tensors[0].values) if tensors else 0
        self._check_rows(rows, "inputs")
        for name, one in self._inputs.items():
            _check_tensor(named[name], one, rows)
        columns = {name: named[name].values for name in self._names}
        return self._batch(columns, rows, nan_is_missing)

    def _row(self, instance: Any, wanted: Iterable[str], at: int) -> dict[str, Any]:
        if isinstance(instance, dict):
            if instance.keys() != wanted:
                _check_names(instance.keys(), wanted, f"instances[{at}]")
            return instance
        if isinstance(instance, list):
            if len(instance) != len(self._names):
                raise BadInput(
                    f"{len(instance)} values",
                    where=f"instances[{at}]",
                    expected=f"{len(self._names)}, in the order {', '.join(self._names)}",
                )
            return dict(zip(self._names, instance, strict=True))
        raise BadInput(
            _was(instance), where=f"instances[{at}]", expected="an object of values, or a list"
        )

    def _is_matrix(self, tensor: Tensor) -> bool:
        return tensor.name not in self._inputs and len(tensor.shape) == 2

    def _matrix(self, tensor: Tensor, nan_is_missing: bool) -> Batch:
        rows, width = tensor.shape
        where = f"input '{tensor.name[:60]}'"
        if width != len(self._names) or rows < 0 or len(tensor.values) != rows * width:
            raise BadInput(
                f"shape {list(tensor.shape)} and {len(tensor.values)} values",
                where=where,
                expected=f"[rows, {len(self._names)}]: {', '.join(self._names)}",
            )
        _check_datatype(tensor, NUMERIC)
        self._check_rows(rows, where)
        numbers = _numbers(tensor.values, nan_is_missing)
        if numbers is None:
            columns = {name: tensor.values[at::width] for at, name in enumerate(self._names)}
            raise self._culprit(columns, nan_is_missing)
        return Batch(numbers.reshape(rows, width), [], rows)

    def _batch(self, columns: dict[str, Sequence[Any]], rows: int, nan_is_missing: bool) -> Batch:
        flat = list(chain.from_iterable(columns[name] for name in self._numeric))
        numbers = _numbers(flat, nan_is_missing)
        text = [_texts(columns[name], self._limits.text_length) for name in self._text]
        if numbers is None or None in text:
            raise self._culprit(columns, nan_is_missing)
        matrix = np.ascontiguousarray(numbers.reshape(len(self._numeric), rows).T)
        return Batch(matrix, text, rows)

    def _culprit(self, columns: dict[str, Sequence[Any]], nan_is_missing: bool) -> BadInput:
        """The first value that cannot be right, named."""
        for name, one in self._inputs.items():
            for row, value in enumerate(columns[name]):
                if one.kind == NUMERIC:
                    right = _numbers([value], nan_is_missing) is not None
                    expected = f"a finite number within ±{_LARGEST:.2g}, or null"
                else:
                    right = _texts([value], self._limits.text_length) is not None
                    expected = f"text or null, at most {self._limits.text_length} characters"
                if not right:
                    return BadInput(
                        _was(value), where=f"feature '{name}' of row {row}", expected=expected
                    )
        raise AssertionError("every value is right by itself")

    def _check_rows(self, rows: int, where: str) -> None:
        if rows > self._limits.rows:
            raise BadInput(
                f"{rows:,} rows",
                where=where,
                expected=f"at most {self._limits.rows:,} in a request",
            )


def _numbers(values: Sequence[Any], nan_is_missing: bool) -> np.ndarray | None:
    """float64 [values], NaN where missing; None when one is no number or out of range."""
    if not set(map(type, values)) <= _NUMBERS:  # bool is a type of its own
        return None
    try:
        numbers = np.array(values, dtype=np.float64)
    except OverflowError:
        return None
    out = np.count_nonzero(~(np.abs(numbers) <= _LARGEST))
    missing = out and (
        np.count_nonzero(np.isnan(numbers)) if nan_is_missing else values.count(None)
    )
    return numbers if out == missing else None


def _texts(values: Sequence[Any], longest: int) -> list[str | None] | None:
    """The values, decoded where they are bytes; None when one is no text, or too long."""
    try:
        if bytes in (kinds := set(map(type, values))):
            values = [one.decode() if isinstance(one, bytes) else one for one in values]
            kinds = set(map(type, values))
        if not kinds <= _TEXTS:
            return None
        for one in values:
            if one is not None and (len(one) > longest or not one.isascii()):
                one.encode()  # a lone surrogate is no text
                if len(one) > longest:
                    return None
    except UnicodeError:
        return None
    return list(values)


def _check_names(found: Iterable[str], wanted: Iterable[str], where: str) -> None:
    absent, extra = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    if absent:
        raise BadInput(
            f"no {_quoted(absent)}", where=where, expected="every feature; null where missing"
        )
    if extra:
        raise BadInput(
            f"unknown {_quoted(extra)}", where=where, expected=f"only {_quoted(sorted(wanted))}"
        )


def _check_tensor(tensor: Tensor, one: Input, rows: int) -> None:
    _check_datatype(tensor, one.kind)
    if tensor.shape not in ((rows,), (rows, 1)) or len(tensor.values) != rows:
        raise BadInput(
            f"shape {list(tensor.shape)} and {len(tensor.values)} values",
            where=f"input '{one.name}'",
            expected=f"shape [{rows}] or [{rows}, 1] and {rows} values, as the first input has",
        )


def _check_datatype(tensor: Tensor, kind: str) -> None:
    if tensor.datatype not in _DATATYPES[kind]:
        raise BadInput(
            f"datatype {tensor.datatype[:20]}",
            where=f"input '{tensor.name[:60]}'",
            expected=f"{kind}: {', '.join(_DATATYPES[kind])}",
        )


def _was(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f"float {value}"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"


def _quoted(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name[:60]}'" for name in names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"
