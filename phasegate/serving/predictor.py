"""A model as KServe serves it: REST v1, v2 (Open Inference Protocol) and gRPC, over one path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import kserve
from kserve.errors import InvalidInput
from kserve.protocol.infer_type import InferInput, InferOutput, InferRequest, InferResponse

from phasegate.errors import BadInput, Unavailable
from phasegate.models import NUMERIC
from phasegate.serving.answering import Answer, Answerer
from phasegate.serving.columns import Columns, Tensor
from phasegate.serving.features import Features
from phasegate.serving.matrix import LEAST_BYTES, read_matrix
from phasegate.serving.protocols import answer_v1, answer_v2, flat, read_object, read_v1, read_v2
from phasegate.serving.recent import ConflictingId

BINARY_HEADER = "inference-header-content-length"


class BadRequest(InvalidInput):
    """A request that cannot be answered, with the field and what was expected.

    Attributes:
        status: 400; 409 for an id used twice; 503 when the features cannot be computed now.
    """

    def __init__(self, error: BadInput) -> None:
        super().__init__(str(error))
        self.status = _status(error)


class Predictor(kserve.Model):
    """Serves one model. Requests carry the values of its inputs, answers carry score and decision.

    Args:
        name: name in the request's path.
        features: what a request must carry.
        answerer: scores, counts and logs.
    """

    def __init__(self, name: str, features: Features, answerer: Answerer) -> None:
        super().__init__(name)
        self._inputs, self._reader = features.inputs, features.reader
        self._answerer = answerer
        self.ready = True

    def validate(self, payload: Any) -> Any:
        """Leave every check to `predict`, which says more about what is wrong."""
        return payload

    def predict(
        self, payload: Any, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any] | InferResponse:
        """Answer one request that KServe has read, of either protocol.

        Raises:
            BadRequest: naming the field and what was expected.
        """
        headers = headers or {}
        try:
            if isinstance(payload, InferRequest):
                answer = self._answerer.answer(headers, lambda: self._rows(payload, headers))
                return self._response(answer)
            return answer_v1(self._answerer.answer(headers, lambda: self._rows_v1(payload)))
        except BadInput as error:
            raise BadRequest(error) from None

    def answer_json(
        self, version: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[str, dict[str, Any]]:
        """Answer one JSON request of protocol v1 or v2 without KServe's own reading and writing.

        Returns:
            The request's id and the answer's JSON.

        Raises:
            BadInput: naming the field and what was expected.
        """
        if version == "v1":
            answer = self._answerer.answer(headers, lambda: self._rows_v1(body))
            return answer.request_id, answer_v1(answer)
        answer = self._answerer.answer(headers, lambda: self._rows_v2(body))
        return answer.request_id, answer_v2(answer, self.name)

    def refused(self, headers: Mapping[str, str], kind: str) -> None:
        """Count and log a request that never reached `predict`."""
        self._answerer.refused(headers, kind)

    def get_input_types(self) -> list[dict[str, Any]]:
        """One tensor for each input, in order; -1 is any number of rows."""
        return [
            {"name": name, "datatype": "FP64" if kind == NUMERIC else "BYTES", "shape": [-1]}
            for name, kind in self._inputs.items()
        ]

    def get_output_types(self) -> list[dict[str, Any]]:
        """The calibrated probability, and the decision at the model's threshold."""
        return [
            {"name": "score", "datatype": "FP64", "shape": [-1]},
            {"name": "decision", "datatype": "INT8", "shape": [-1]},
        ]

    def _rows_v1(self, payload: Any) -> tuple[None, Columns]:
        # KServe leaves the body as bytes unless its content type is exactly a JSON one.
        if isinstance(payload, bytes):
            payload = read_object(payload)
        if not isinstance(payload, dict):
            raise BadInput(
                f"a JSON {type(payload).__name__}", where="request body", expected="a JSON object"
            )
        return None, read_v1(payload, self._reader)

    def _rows_v2(self, body: bytes) -> tuple[object, Columns]:
        if self._reader.takes_matrix and len(body) >= LEAST_BYTES and (found := read_matrix(body)):
            return found[0], self._reader.of_tensors([found[1]], nan_is_missing=False)
        document = read_object(body)
        return document.get("id"), read_v2(document, self._reader)

    def _rows(self, request: InferRequest, headers: Mapping[str, str]) -> tuple[object, Columns]:
        binary = request.from_grpc or BINARY_HEADER in headers
        tensors = [_tensor(one) for one in request.inputs]
        return request.id, self._reader.of_tensors(tensors, nan_is_missing=binary)

    def _response(self, answer: Answer) -> InferResponse:
        outputs = [
            InferOutput("score", [len(answer.scores)], "FP64", answer.scores.tolist()),
            InferOutput("decision", [len(answer.decisions)], "INT8", answer.decisions.tolist()),
        ]
        return InferResponse(
            # KServe answers 500 to a request without an id, unless it is given one.
            response_id=answer.id,
            model_name=self.name,
            infer_outputs=outputs,
            parameters={"model_digest": answer.model_digest},
        )


def _status(error: BadInput) -> int:
    if isinstance(error, ConflictingId):
        return 409
    return 503 if isinstance(error, Unavailable) else 400


def _tensor(one: InferInput) -> Tensor:
    try:
        values = one.data if one._raw_data is None else one.as_numpy().reshape(-1).tolist()
        shape = tuple(one.shape)
        return Tensor(one.name, shape, one.datatype, flat(list(values), shape))
    except (InvalidInput, ValueError, TypeError) as error:
        raise BadInput(str(error), where=f"input '{one.name}'") from None
