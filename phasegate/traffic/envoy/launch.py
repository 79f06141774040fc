"""A child process that ends when its parent does, however the parent ends (on Linux).

The child is this file, ``python launch.py PARENT_PID COMMAND...``: it asks the kernel for a signal
at its parent's end, and becomes the command.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

_PR_SET_PDEATHSIG = 1
_START_SECONDS = 30


def start(command: Sequence[str], log: str, keep: int) -> subprocess.Popen[bytes]:
    """Start a command, as leader of a session of its own: Ctrl-C is for its parent alone.

    The kernel takes the thread that made a child for its parent, and the caller's thread may be a
    short-lived one. So the child is made by a thread that lives as long as the child.

    Args:
        command: path of the program, and its arguments.
        log: file that its output is appended to.
        keep: file descriptor that stays open in it.
    """
    import queue
    import subprocess
    import threading

    started: queue.Queue[subprocess.Popen[bytes]] = queue.Queue()

    def attend() -> None:
        with open(log, "ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-I", __file__, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[keep],
            )
        started.put(process)
        process.wait()

    threading.Thread(target=attend, name=command[0], daemon=True).start()
    return started.get(timeout=_START_SECONDS)


def main(parent: int, command: list[str]) -> None:
    """Become the command; does not return."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            raise SystemExit("the process that started this one has ended")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
