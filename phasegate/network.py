"""Addresses on this machine."""

from __future__ import annotations

import socket

from phasegate.errors import BadInput


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def require_free(port: int) -> None:
    """Check that somebody could listen on a TCP port of loopback; 0 is any free one.

    Raises:
        BadInput: it is taken, not allowed, or no port.
    """
    try:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
    except OverflowError:
        raise BadInput(f"{port} is not a port", expected="0 to 65535") from None
    except OSError as error:
        raise BadInput(
            f"port {port} cannot be used ({error.strerror})", fix="--port 0 takes a free one"
        ) from None
