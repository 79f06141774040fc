"""Aliases of registered models: names such as ``champion`` that point to a version."""

from __future__ import annotations

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from phasegate.registry import server
from phasegate.registry.models import RegisteredVersion, Registry
from phasegate.registry.server import plain_errors


def connect() -> AliasRegistry:
    """The registry of the server at ``MLFLOW_TRACKING_URI``.

    Raises:
        BadInput: when the address is not set, or is not http(s).
        Unavailable: when the server does not answer.
    """
    return AliasRegistry(server.connect())


class AliasRegistry:
    """Versions, and the aliases that point to them.

    Every method raises Unavailable when the server goes away, BadInput when it refuses us.
    """

    def __init__(self, client: MlflowClient) -> None:
        self._client, self._registry = client, Registry(client)

    def resolve(self, reference: str) -> RegisteredVersion:
        """The version meant by ``NAME@ALIAS`` or ``NAME/VERSION``.

        Raises:
            BadInput: when there is none, with what there is instead.
        """
        return self._registry.resolve(reference)

    def aliases(self, name: str) -> dict[str, int]:
        """Versions by the alias that points to them; empty when the name is unknown."""
        return self._registry.aliases(name)

    def point(self, name: str, alias: str, version: int) -> None:
        """Let an alias point to a version, and to no other any more."""
        with plain_errors():
            self._client.set_registered_model_alias(name, alias, str(version))

    def remove(self, name: str, alias: str) -> None:
        """Remove an alias, if there is one."""
        try:
            with plain_errors():
                self._client.delete_registered_model_alias(name, alias)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
