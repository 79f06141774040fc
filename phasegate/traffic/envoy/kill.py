"""The kill switch: champion only, now, with nothing but the proxy's admin interface.

Run ``python -m phasegate.traffic.envoy.kill IP:PORT``. It imports the standard library alone and
reads no file first, so that it works where the rest does not.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import sys

from phasegate.errors import BadInput, ExitCode, Unavailable

SPLIT_KEY = "phasegate.split"  # Envoy's runtime key: 0 sends everything to the champion
RUNTIME_FOLDER = "runtime"

_SECONDS = 3


def kill(admin: str, folder: str | os.PathLike[str] | None = None) -> bool:
    """Let the champion answer every request from now on, and stop copies.

    The switch is also left in the proxy's folder, so that it holds when the proxy restarts.

    Args:
        admin: ``IP:PORT`` of the proxy's admin interface.
        folder: the proxy's folder, in case that the proxy does not answer; else it says itself.
    Returns:
        Whether it holds after a restart too.
    Raises:
        Unavailable: when the proxy does not answer. Then nobody gets requests from it; with
            ``folder``, it will start killed.
    """
    try:
        _request(admin, "POST", f"/runtime_modify?{SPLIT_KEY}=0")
    except (OSError, http.client.HTTPException, ValueError) as error:
        kept = folder is not None and _keep(folder)
        raise Unavailable(
            f"the proxy does not answer ({error})",
            where=admin,
            fix="it will start with the champion alone" if kept else None,
        ) from None
    try:
        return _keep(folder or _folder(admin))
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return False


def switch_file(folder: str | os.PathLike[str]) -> str:
    """The file whose presence means killed; Envoy reads it when it starts."""
    return os.path.join(folder, RUNTIME_FOLDER, *SPLIT_KEY.split("."))


def is_kept(folder: str | os.PathLike[str]) -> bool:
    """Whether a proxy that starts in this folder starts killed."""
    return os.path.exists(switch_file(folder))


def forget(folder: str | os.PathLike[str]) -> None:
    """Let a proxy that starts in this folder follow its plan again."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(switch_file(folder))


def _keep(folder: str | os.PathLike[str]) -> bool:
    path = switch_file(folder)
    try:
        partial = f"{path}.partial"
        with open(partial, "w", encoding="ascii") as file:
            file.write("0")
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError:
        return False
    return True


def _folder(admin: str) -> str:
    options = json.loads(_request(admin, "GET", "/server_info"))["command_line_options"]
    return os.path.dirname(options["config_path"])


def _request(admin: str, method: str, path: str) -> bytes:
    host, _, port = admin.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=_SECONDS)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise ValueError(f"it answers {response.status}")
    return body


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    try:
        kept = kill(*arguments)
    except BadInput as error:
        print(error, file=sys.stderr)
        return ExitCode.BAD_INPUT
    except TypeError:
        print("usage: python -m phasegate.traffic.envoy.kill IP:PORT [FOLDER]", file=sys.stderr)
        return ExitCode.BAD_INPUT
    print("champion only" if kept else "champion only, until the proxy restarts")
    return ExitCode.PASSED


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
