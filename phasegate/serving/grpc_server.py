"""KServe's gRPC server, listening where it is told, quiet about callers' mistakes."""

from __future__ import annotations

from concurrent import futures
from typing import Any

from grpc import StatusCode, aio
from kserve.protocol.grpc import grpc_predict_v2_pb2_grpc
from kserve.protocol.grpc.interceptors import ExceptionToStatusInterceptor
from kserve.protocol.grpc.server import GRPCServer
from kserve.protocol.grpc.servicer import InferenceServicer

from phasegate.serving.predictor import BadRequest

_CODES = {
    400: StatusCode.INVALID_ARGUMENT,
    409: StatusCode.ALREADY_EXISTS,
    503: StatusCode.UNAVAILABLE,
}


class _Statuses(ExceptionToStatusInterceptor):
    """Answers a bad request with its reason; KServe also logs a traceback for each."""

    async def handle_exception(
        self, ex: Exception, request_or_iterator: Any, context: Any, method_name: str
    ) -> None:
        if isinstance(ex, BadRequest):
            await context.abort(_CODES[ex.status], ex.reason)
        await super().handle_exception(ex, request_or_iterator, context, method_name)


class BoundGRPCServer(GRPCServer):
    """KServe's own always listens on all addresses.

    Args:
        address: host and port to listen on.
        body_bytes: largest message.
    """

    def __init__(
        self, address: str, body_bytes: int, data_plane: Any, models: Any, grace_period: int
    ) -> None:
        super().__init__(0, data_plane, models, kwargs={}, grace_period=grace_period)
        self._address, self._body_bytes = address, body_bytes

    async def start(self, max_workers: int) -> None:
        """Serve until `stop` is called."""
        self._server = aio.server(
            futures.ThreadPoolExecutor(max_workers=max_workers),
            interceptors=(_Statuses(),),
            options=[
                ("grpc.max_receive_message_length", self._body_bytes),
                # Two servers on one port would each get some of the requests.
                ("grpc.so_reuseport", 0),
            ],
        )
        servicer = InferenceServicer(self._data_plane, self._model_repository_extension)
        grpc_predict_v2_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(servicer, self._server)
        self._server.add_insecure_port(self._address)
        await self._server.start()
        await self._server.wait_for_termination()
