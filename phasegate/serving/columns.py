"""From the instances or tensors of a request to named columns of equal length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from phasegate.errors import BadInput
from phasegate.models import CATEGORICAL, NUMERIC
from phasegate.serving.limits import Limits

EVENT_TEXT = "text"  # a category or key of a raw event
EVENT_TIME = "time"

_FLOATS = ("FP64", "FP32", "FP16")
_INTEGERS = ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64")
_DATATYPES = {
    NUMERIC: (*_FLOATS, *_INTEGERS),
    CATEGORICAL: ("BYTES",),
    EVENT_TEXT: ("BYTES", "BOOL", *_INTEGERS),
    EVENT_TIME: ("BYTES", *_INTEGERS),
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """A named tensor of the Open Inference Protocol, with its values in row order."""

    name: str
    shape: tuple[int, ...]
    datatype: str
    values: Sequence[Any] | np.ndarray


@dataclass(frozen=True, slots=True)
class Columns:
    """What a request carries, its values as they came.

    Attributes:
        values: input -> [rows].
        rows: how many.
        flat: the same in row order, where a request had them as one tensor of numbers; as an
            array where it is known already that each is a number.
        nan_is_missing: True for binary tensors, which have no other way to say so. In JSON a
            missing value is null, and NaN is an error.
    """

    values: Mapping[str, Sequence[Any]]
    rows: int
    nan_is_missing: bool
    flat: Sequence[Any] | np.ndarray | None = None


class ColumnReader:
    """Reads requests that carry some inputs, all of them and no other.

    Args:
        inputs: name -> kind: numeric, categorical, or `EVENT_TEXT` and `EVENT_TIME`.
        limits: how much of them.

    Attributes:
        takes_matrix: whether all inputs are numbers, which one tensor can carry.
    """

    def __init__(self, inputs: Mapping[str, str], limits: Limits) -> None:
        self._inputs, self._names = inputs, list(inputs)
        self._most_rows = limits.rows
        self.takes_matrix = set(inputs.values()) == {NUMERIC}

    def of_instances(self, instances: Any) -> Columns:
        """The columns of ``instances``: objects by input name, or lists in the order of inputs.

        Raises:
            BadInput: naming the instance and the input.
        """
        if not isinstance(instances, list):
            raise BadInput(
                _was(instances), where="instances", expected="a list of objects, one for each row"
            )
        self._check_rows(len(instances), "instances")
        wanted = self._inputs.keys()
        rows = [self._row(instance, wanted, at) for at, instance in enumerate(instances)]
        values = {name: [row[name] for row in rows] for name in self._names}
        return Columns(values, len(rows), nan_is_missing=False)

    def of_tensors(self, tensors: Sequence[Tensor], *, nan_is_missing: bool) -> Columns:
        """The columns of named tensors, one for each input, of shape [rows] or [rows, 1].

        Where all inputs are numeric, one tensor of shape [rows, inputs] under another name is
        taken as their values in the model's order, as other runtimes for XGBoost take it.

        Raises:
            BadInput: naming the tensor, and the datatype or shape that was expected.
        """
        if len(tensors) == 1 and self.takes_matrix and self._is_matrix(tensors[0]):
            return self._matrix(tensors[0], nan_is_missing)
        named = {tensor.name: tensor for tensor in tensors}
        _check_names(named.keys(), self._inputs.keys(), "inputs")
        if len(named) != len(tensors):
            raise BadInput("two tensors of the same name", where="inputs")
        rows = len(tensors[0].values) if tensors else 0
        self._check_rows(rows, "inputs")
        for name, kind in self._inputs.items():
            _check_tensor(named[name], kind, rows)
        return Columns({name: named[name].values for name in self._names}, rows, nan_is_missing)

    def _row(self, instance: Any, wanted: Iterable[str], at: int) -> Mapping[str, Any]:
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

    def _matrix(self, tensor: Tensor, nan_is_missing: bool) -> Columns:
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
        values = _MatrixColumns(tensor.values, self._names)
        return Columns(values, rows, nan_is_missing, flat=tensor.values)

    def _check_rows(self, rows: int, where: str) -> None:
        if rows > self._most_rows:
            most = f"at most {self._most_rows:,} in a request"
            raise BadInput(f"{rows:,} rows", where=where, expected=most)


class _MatrixColumns(Mapping[str, Sequence[Any]]):
    """The columns of a row-major matrix, cut out when they are asked for."""

    def __init__(self, flat: Sequence[Any] | np.ndarray, names: list[str]) -> None:
        self._flat, self._names = flat, names

    def __getitem__(self, name: str) -> list[Any]:
        column = self._flat[self._names.index(name) :: len(self._names)]
        return column.tolist() if isinstance(column, np.ndarray) else list(column)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _check_names(found: Iterable[str], wanted: Iterable[str], where: str) -> None:
    absent, extra = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    if absent:
        raise BadInput(
            f"no {_quoted(absent)}", where=where, expected="every input; null where missing"
        )
    if extra:
        raise BadInput(
            f"unknown {_quoted(extra)}", where=where, expected=f"only {_quoted(sorted(wanted))}"
        )


def _check_tensor(tensor: Tensor, kind: str, rows: int) -> None:
    _check_datatype(tensor, kind)
    if tensor.shape not in ((rows,), (rows, 1)) or len(tensor.values) != rows:
        raise BadInput(
            f"shape {list(tensor.shape)} and {len(tensor.values)} values",
            where=f"input '{tensor.name}'",
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
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"


def _quoted(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name[:60]}'" for name in names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"
