"""Bodies of the two REST protocols: KServe's v1, and v2, which is the Open Inference Protocol."""

from __future__ import annotations

from typing import Any

import orjson

from phasegate.errors import BadInput
from phasegate.serving.answering import Answer
from phasegate.serving.columns import ColumnReader, Columns, Tensor


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body must be.

    Raises:
        BadInput: it is something else.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadInput(
            f"not JSON: {error}", where="request body", expected="JSON; null where missing, not NaN"
        ) from None
    if not isinstance(document, dict):
        raise BadInput(
            f"a JSON {type(document).__name__}", where="request body", expected="a JSON object"
        )
    return document


def read_v1(document: dict[str, Any], reader: ColumnReader) -> Columns:
    """The columns of ``{"instances": [...]}``; raises as `ColumnReader.of_instances` does."""
    if "instances" not in document:
        raise BadInput("no 'instances'", where="request body", expected='{"instances": [...]}')
    return reader.of_instances(document["instances"])


def read_v2(document: dict[str, Any], reader: ColumnReader) -> Columns:
    """The columns of ``{"inputs": [tensor, ...]}``; raises as `ColumnReader.of_tensors` does."""
    inputs = document.get("inputs")
    if not isinstance(inputs, list):
        raise BadInput("no list of 'inputs'", where="request body", expected='{"inputs": [...]}')
    tensors = [_tensor(one, at) for at, one in enumerate(inputs)]
    return reader.of_tensors(tensors, nan_is_missing=False)


def answer_v1(answer: Answer) -> dict[str, Any]:
    """A v1 answer: one prediction for each row, and who made them."""
    return {
        "predictions": [
            {"score": score, "decision": decision}
            for score, decision in zip(
                answer.scores.tolist(), answer.decisions.tolist(), strict=True
            )
        ],
        "id": answer.id,
        "model_digest": answer.model_digest,
    }


def answer_v2(answer: Answer, name: str) -> dict[str, Any]:
    """A v2 answer: tensors ``score`` and ``decision`` of shape [rows], and who made them."""
    rows = [len(answer.scores)]
    return {
        "model_name": name,
        "model_version": None,
        "id": answer.id,
        "parameters": {"model_digest": answer.model_digest},
        "outputs": [
            {"name": "score", "shape": rows, "datatype": "FP64", "data": answer.scores.tolist()},
            {
                "name": "decision", "shape": rows, "datatype": "INT8",
                "data": answer.decisions.tolist(),
            },
        ],
    }  # fmt: skip


def flat(values: list[Any], shape: tuple[int, ...]) -> list[Any]:
    """The values of a tensor in row order, also where rows are lists of their own."""
    if len(shape) == 2 and values and all(isinstance(one, list) for one in values):
        return [value for row in values for value in row]
    return values


def _tensor(one: Any, at: int) -> Tensor:
    where = f"inputs[{at}]"
    if not isinstance(one, dict):
        raise BadInput(f"a JSON {type(one).__name__}", where=where, expected="a tensor")
    name, shape, datatype, data = (one.get(key) for key in ("name", "shape", "datatype", "data"))
    if not isinstance(name, str):
        raise BadInput("no name", where=where, expected="the name of a feature")
    if not isinstance(shape, list) or not all(type(size) is int for size in shape):
        raise BadInput("no shape", where=f"input '{name[:60]}'", expected="a list of sizes")
    if not isinstance(datatype, str):
        raise BadInput("no datatype", where=f"input '{name[:60]}'", expected="such as FP64")
    if not isinstance(data, list):
        raise BadInput("no data", where=f"input '{name[:60]}'", expected="a list of values")
    return Tensor(name, tuple(shape), datatype, flat(data, tuple(shape)))
