"""The rows of a request to any runtime: v1 ``instances`` or v2 ``inputs``, without a schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from phasegate.serving.limits import Limits
from phasegate.sidecar.refusal import Refused
from phasegate.sidecar.tensors import Tensor, read_tensors

MOST_FEATURES = 2_000
# Rows that each name few of many features could ask for far more than they send.
_MOST_VALUES = 1_000_000
_LONGEST_NAME = 200
_SCALARS = {bool, int, float, str, type(None)}

Column = bytes | list[str | None] | None


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one request.

    Attributes:
        count: number of rows.
        columns: by name: float64 little-endian [count] with NaN for missing; or texts [count] with
            None for missing; or None where no row has a value, which tells no type.
    """

    count: int
    columns: dict[str, Column]


def read_rows(document: dict[str, Any], limits: Limits) -> Rows:
    """The rows of a request body. Columns without names are called ``feature_0`` and so on.

    Raises:
        Refused: no rows, too many of them, or values that are not numbers, texts or null.
    """
    if "instances" in document:
        count, columns = _of_instances(document["instances"], limits.rows)
    elif "inputs" in document:
        count, columns = _of_tensors(read_tensors(document["inputs"], "inputs", limits.rows))
    else:
        raise Refused("body", "neither 'instances' nor 'inputs'", where="request body")
    return Rows(count, {name: _column(name, values, limits) for name, values in columns.items()})


def _of_instances(instances: Any, most_rows: int) -> tuple[int, dict[str, Sequence[Any]]]:
    if not isinstance(instances, list) or not 1 <= len(instances) <= most_rows:
        raise Refused(
            "rows", "no list of rows", where="instances", expected=f"1 to {most_rows:,} rows"
        )
    kinds = set(map(type, instances))
    if kinds == {dict}:
        names = dict.fromkeys(name for row in instances for name in row)
        _check_size(len(instances), len(names))
        return len(instances), {name: [row.get(name) for row in instances] for name in names}
    if kinds == {list}:
        widths = set(map(len, instances))
        if len(widths) > 1:
            raise Refused("features", "rows of different lengths", where="instances")
        _check_size(len(instances), widths.pop())
        columns = zip(*instances, strict=True)
        return len(instances), {f"feature_{at}": values for at, values in enumerate(columns)}
    return len(instances), {"feature_0": instances}


def _of_tensors(tensors: list[Tensor]) -> tuple[int, dict[str, Sequence[Any]]]:
    counts = {tensor.rows for tensor in tensors}
    if len(counts) > 1:
        raise Refused("rows", "tensors of different numbers of rows", where="inputs")
    rows = counts.pop()
    _check_size(rows, sum(tensor.width for tensor in tensors))
    columns: dict[str, Sequence[Any]] = {}
    for name, values in _tensor_columns(tensors):
        if name in columns:
            raise Refused("features", f"two columns are named {name[:60]!r}", where="inputs")
        columns[name] = values
    return rows, columns


def _tensor_columns(tensors: list[Tensor]) -> Iterator[tuple[str, Sequence[Any]]]:
    for tensor in tensors:
        if tensor.width == 1:
            yield tensor.name, tensor.values
        else:
            for at in range(tensor.width):
                yield f"{tensor.name}_{at}", tensor.values[at :: tensor.width]


def _check_size(rows: int, features: int) -> None:
    if not 1 <= features <= MOST_FEATURES or rows * features > _MOST_VALUES:
        raise Refused(
            "features",
            f"{features:,} features of {rows:,} rows",
            expected=f"1 to {MOST_FEATURES:,} features and at most {_MOST_VALUES:,} values",
        )


def _column(name: str, values: Sequence[Any], limits: Limits) -> Column:
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise Refused("features", f"{name[:60]!r} cannot name a feature")
    kinds = set(map(type, values))
    if not kinds <= _SCALARS:
        raise Refused(
            "features",
            f"a {min(kind.__name__ for kind in kinds - _SCALARS)} as value",
            where=f"feature '{name[:60]}'",
            expected="a number, a text or null",
        )
    if str in kinds:
        texts = [_text(value) for value in values]
        if any(text is not None and len(text) > limits.text_length for text in texts):
            raise Refused(
                "features",
                "a text that is too long",
                where=f"feature '{name[:60]}'",
                expected=f"at most {limits.text_length:,} characters",
            )
        return texts
    if kinds == {type(None)}:
        return None
    return np.array(values, dtype="<f8").tobytes()


def _text(value: str | float | None) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()
