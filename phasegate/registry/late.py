"""The registry, reached when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phasegate.registry.aliases import AliasRegistry
    from phasegate.registry.models import RegisteredVersion


class LateRegistry:
    """Versions and aliases; see `phasegate.registry.aliases`.

    Most looks at a release need none, a server of our own takes seconds to start, and a guard
    must not depend on one that is away.

    Args:
        connect: reaches it.
    """

    def __init__(self, connect: Callable[[], AliasRegistry]) -> None:
        self._connect = connect
        self._registry: AliasRegistry | None = None

    def resolve(self, reference: str) -> RegisteredVersion:
        """The version meant by ``NAME@ALIAS`` or ``NAME/VERSION``."""
        return self._reached.resolve(reference)

    def aliases(self, name: str) -> dict[str, int]:
        """Versions by the alias that points to them."""
        return self._reached.aliases(name)

    def point(self, name: str, alias: str, version: int) -> None:
        """Let an alias point to a version."""
        self._reached.point(name, alias, version)

    def remove(self, name: str, alias: str) -> None:
        """Remove an alias, if there is one."""
        self._reached.remove(name, alias)

    @property
    def _reached(self) -> AliasRegistry:
        if self._registry is None:
            self._registry = self._connect()
        return self._registry
