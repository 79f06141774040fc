"""KServe's ModelServer, listening where it is told, quiet on each request, strict on all."""

from __future__ import annotations

import asyncio
import gc
import logging
import struct
from dataclasses import dataclass, field
from typing import Any

import uvloop
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from kserve import ModelServer
from kserve.errors import InvalidInput
from kserve.model_server import app
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.model_repository_extension import ModelRepositoryExtension

from phasegate.errors import BadInput
from phasegate.serving.grpc_server import BoundGRPCServer
from phasegate.serving.limits import Limits
from phasegate.serving.predictor import BadRequest, Predictor
from phasegate.serving.route import Route
from phasegate.serving.whole_answers import WholeAnswers

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Listening:
    """Where and how a server listens.

    Attributes:
        http_port: REST v1 and v2, health and metrics.
        grpc_port: v2 over gRPC; None serves none.
        host: address of both.
        limits: of one request.
        short_route: whether JSON requests go past KServe's own route.
    """

    http_port: int
    grpc_port: int | None = None
    host: str = LOOPBACK
    limits: Limits = field(default_factory=Limits)
    short_route: bool = True


class _DataPlane(DataPlane):
    """Answers 400 where KServe's reader of binary tensors fails on a malformed one with 500."""

    def decode(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().decode(*arguments, **options)
        except InvalidInput as error:
            raise BadRequest(BadInput(str(error), where="request body")) from None
        except (AttributeError, KeyError, TypeError, ValueError, struct.error) as error:
            raise BadRequest(
                BadInput(
                    f"{type(error).__name__} {error}",
                    where="request body",
                    expected="a request of the Open Inference Protocol",
                )
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
        predictor: the model that is served.
        listening: where and how.
    """

    def __init__(self, predictor: Predictor, listening: Listening) -> None:
        super().__init__(
            http_port=listening.http_port, workers=1, enable_grpc=False,
            enable_latency_logging=False, event_loop="uvloop",
        )  # fmt: skip
        self._predictor, self._listening = predictor, listening
        self.dataplane = _DataPlane(model_registry=self.registered_models)
        self.model_repository_extension = _FixedModels(model_registry=self.registered_models)
        # Two lines for each request slow it down, and bury the ones that matter.
        for name in ("uvicorn.access", "kserve.trace"):
            logging.getLogger(name).setLevel(logging.WARNING)

    async def _serve(self) -> None:
        place = self._listening
        config = self._rest_server.config
        config.host = place.host
        config.app = Route(app, self._predictor, place.limits, short=place.short_route)
        config.access_log = config.proxy_headers = False  # each costs every request something
        config.http = WholeAnswers
        if place.grpc_port is not None:
            self._grpc_server = BoundGRPCServer(
                f"{place.host}:{place.grpc_port}", place.limits.body_bytes,
                self.dataplane, self.model_repository_extension, self.grace_period,
            )  # fmt: skip
            self.servers.append(self._grpc_server.start(self.max_threads))
        await super()._serve()


def serve(predictor: Predictor, listening: Listening) -> None:
    """Serve until SIGTERM, which lets requests in flight end first."""
    # With one worker KServe runs whatever loop it finds.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.set_event_loop(asyncio.new_event_loop())
    app.add_exception_handler(BadRequest, _bad_request)
    app.add_exception_handler(RequestValidationError, _malformed)
    # What is loaded by now stays: the collector need not look at it again, for a tenth of a second.
    gc.collect()
    gc.freeze()
    LocalModelServer(predictor, listening).start([predictor])


async def _bad_request(_: Request, error: BadRequest) -> JSONResponse:
    return JSONResponse({"error": str(error)}, status_code=error.status)


async def _malformed(_: Request, error: RequestValidationError) -> JSONResponse:
    """The first thing that is wrong with a v2 body, in the words of every other refusal."""
    first = error.errors()[0]
    # The union with raw bytes puts its branch's name into the place.
    place = [str(part) for part in first["loc"] if part not in ("body", "InferenceRequest")]
    where = ".".join(place) or "request body"
    return JSONResponse({"error": f"{where}: {first['msg']}."}, status_code=400)
