"""A model as KServe serves it: REST v1 and v2 (Open Inference Protocol) over one scoring path."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import kserve
import numpy as np
import orjson
from kserve.errors import InvalidInput
from kserve.protocol.infer_type import InferInput, InferOutput, InferRequest, InferResponse

from phasegate.errors import BadInput
from phasegate.models import CATEGORICAL, Model
from phasegate.serving.rows import Columns, Tensor, columns_of_instances, columns_of_tensors

_BINARY_HEADER = "inference-header-content-length"


class BadRequest(InvalidInput):
    """The caller is wrong: 400, with the field and what was expected."""


class Predictor(kserve.Model):
    """Serves one model. Requests carry feature values, answers carry score and decision.

    Args:
        name: name in the request's path.
        model: the model, whose digest was checked when it was read.
    """

    def __init__(self, name: str, model: Model) -> None:
        super().__init__(name)
        self._model = model

    def load(self) -> bool:
        """Make one prediction, which loads the booster; only then is the predictor ready.

        Raises:
            BadInput: when the booster cannot be read.
        """
        missing = [[None] * len(self._model.inputs)]
        self._answer(columns_of_instances(missing, self._model.inputs))
        self.ready = True
        return self.ready

    def validate(self, payload: Any) -> Any:
        """Leave every check to `predict`, which says more about what is wrong."""
        return payload

    def predict(
        self, payload: Any, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any] | InferResponse:
        """Answer one request of either protocol.

        Raises:
            BadRequest: naming the field and what was expected.
        """
        try:
            if isinstance(payload, InferRequest):
                return self._answer_v2(payload, headers or {})
            return self._answer_v1(payload, headers or {})
        except BadInput as error:
            raise BadRequest(str(error)) from None

    def get_input_types(self) -> list[dict[str, Any]]:
        """One tensor for each feature, in the model's order; -1 is any number of rows."""
        return [
            {
                "name": one.name,
                "datatype": "BYTES" if one.kind == CATEGORICAL else "FP64",
                "shape": [-1],
            }
            for one in self._model.inputs
        ]

    def get_output_types(self) -> list[dict[str, Any]]:
        """The calibrated probability, and the decision at the model's threshold."""
        return [
            {"name": "score", "datatype": "FP64", "shape": [-1]},
            {"name": "decision", "datatype": "INT8", "shape": [-1]},
        ]

    def _answer(self, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
        scores = self._model.score(self._model.matrix(columns))
        return scores, self._model.decide(scores)

    def _answer_v1(self, payload: Any, headers: Mapping[str, str]) -> dict[str, Any]:
        body = _object(payload)
        if "instances" not in body:
            raise BadInput("no 'instances'", where="request body", expected='{"instances": [...]}')
        columns = columns_of_instances(body["instances"], self._model.inputs)
        scores, decisions = self._answer(columns)
        return {
            "predictions": [
                {"score": score, "decision": decision}
                for score, decision in zip(scores.tolist(), decisions.tolist(), strict=True)
            ],
            "id": _request_id(None, headers),
            "model_digest": self._model.digest,
        }

    def _answer_v2(self, request: InferRequest, headers: Mapping[str, str]) -> InferResponse:
        binary = request.from_grpc or _BINARY_HEADER in headers
        tensors = [_tensor(one) for one in request.inputs]
        columns = columns_of_tensors(tensors, self._model.inputs, nan_is_missing=binary)
        scores, decisions = self._answer(columns)
        outputs = [
            InferOutput("score", [len(scores)], "FP64", scores.tolist()),
            InferOutput("decision", [len(decisions)], "INT8", decisions.tolist()),
        ]
        return InferResponse(
            # KServe answers 500 to a request without an id, unless it is given one.
            response_id=_request_id(request.id, headers),
            model_name=self.name,
            infer_outputs=outputs,
            parameters={"model_digest": self._model.digest},
        )


def _object(payload: Any) -> dict[str, Any]:
    """KServe leaves the body as bytes unless its content type is exactly a JSON one."""
    if isinstance(payload, bytes):
        try:
            payload = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            raise BadInput(f"not JSON: {error}", where="request body") from None
    if not isinstance(payload, dict):
        raise BadInput(
            f"a JSON {type(payload).__name__}", where="request body", expected="a JSON object"
        )
    return payload


def _tensor(one: InferInput) -> Tensor:
    try:
        values = one.data if one._raw_data is None else one.as_numpy().reshape(-1).tolist()
        if values and len(one.shape) == 2 and all(isinstance(value, list) for value in values):
            values = [value for row in values for value in row]
        return Tensor(one.name, tuple(one.shape), one.datatype, list(values))
    except (InvalidInput, ValueError, TypeError) as error:
        raise BadInput(str(error), where=f"input '{one.name}'") from None


def _request_id(body_id: str | None, headers: Mapping[str, str]) -> str:
    return body_id or headers.get("x-request-id") or headers.get("ce-id") or str(uuid.uuid4())
