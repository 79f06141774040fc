"""An XGBoost model on a stock KServe ModelServer, as KServe's own documentation has users write it.

``python -m benchmarks.serving.bare_kserve MODEL.ubj PORT``
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Mapping

import kserve
import xgboost
from kserve import InferOutput, InferRequest, InferResponse


class XGBoostModel(kserve.Model):
    """Answers with the booster's prediction for the rows of the first tensor."""

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name)
        self._path = path
        self.load()

    def load(self) -> bool:
        self.model = xgboost.Booster()
        self.model.load_model(self._path)
        self.ready = True
        return self.ready

    def predict(self, payload: InferRequest, headers: Mapping[str, str]) -> InferResponse:  # noqa: ARG002
        scores = self.model.inplace_predict(payload.inputs[0].as_numpy())
        output = InferOutput("score", list(scores.shape), "FP32")
        output.set_data_from_numpy(scores, binary_data=False)
        return InferResponse(payload.id or str(uuid.uuid4()), self.name, [output])


class LoopbackServer(kserve.ModelServer):
    """Stock but for the address: KServe itself listens on all of them."""

    async def _serve(self) -> None:
        self._rest_server.config.host = "127.0.0.1"
        await super()._serve()


if __name__ == "__main__":
    model = XGBoostModel("benchmark", sys.argv[1])
    LoopbackServer(http_port=int(sys.argv[2]), enable_grpc=False).start([model])
