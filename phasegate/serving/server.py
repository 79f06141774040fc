"""KServe's ModelServer, listening where it is told, quiet on each request, strict on all."""

from __future__ import annotations

import logging
import struct
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from kserve import ModelServer
from kserve.errors import InvalidInput
from kserve.model_server import app
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.model_repository_extension import ModelRepositoryExtension

from phasegate.serving.predictor import BadRequest, Predictor

LOOPBACK = "127.0.0.1"


class _DataPlane(DataPlane):
    """Answers 400 where KServe's reader of binary tensors fails on a malformed one with 500."""

    def decode(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().decode(*arguments, **options)
        except InvalidInput as error:
            raise BadRequest(f"request body: {error}.") from None
        except (AttributeError, KeyError, TypeError, ValueError, struct.error) as error:
            raise BadRequest(
                f"request body: {type(error).__name__} {error}; expected a request of the Open "
                "Inference Protocol."
            ) from None


class _FixedModels(ModelRepositoryExtension):
    """KServe lets any caller load and unload models; here only who starts the server does."""

    async def load(self, model_name: str) -> None:
        raise NotImplementedError(f"models are not loaded by request: {model_name}")

    async def unload(self, model_name: str) -> None:
        raise NotImplementedError(f"models are not unloaded by request: {model_name}")


class LocalModelServer(ModelServer):
    """One worker on one address; KServe itself always listens on all of them.

    Args:
        host: address to listen on.
        port: HTTP port.
    """

    def __init__(self, port: int, host: str = LOOPBACK) -> None:
        super().__init__(http_port=port, workers=1, enable_grpc=False, enable_latency_logging=False)
        self._host = host
        self.dataplane = _DataPlane(model_registry=self.registered_models)
        self.model_repository_extension = _FixedModels(model_registry=self.registered_models)
        # Two lines for each request slow it down, and bury the ones that matter.
        for name in ("uvicorn.access", "kserve.trace"):
            logging.getLogger(name).setLevel(logging.WARNING)

    async def _serve(self) -> None:
        self._rest_server.config.host = self._host
        await super()._serve()


def serve(predictor: Predictor, port: int, host: str = LOOPBACK) -> None:
    """Serve a loaded predictor until SIGTERM, which lets requests in flight end first."""
    app.add_exception_handler(BadRequest, _bad_request)
    app.add_exception_handler(RequestValidationError, _malformed)
    LocalModelServer(port, host).start([predictor])


async def _bad_request(_: Request, error: BadRequest) -> JSONResponse:
    return JSONResponse({"error": str(error)}, status_code=400)


async def _malformed(_: Request, error: RequestValidationError) -> JSONResponse:
    """The first thing that is wrong with a v2 body, in the words of every other refusal."""
    first = error.errors()[0]
    # The union with raw bytes puts its branch's name into the place.
    place = [str(part) for part in first["loc"] if part not in ("body", "InferenceRequest")]
    where = ".".join(place) or "request body"
    return JSONResponse({"error": f"{where}: {first['msg']}."}, status_code=400)
