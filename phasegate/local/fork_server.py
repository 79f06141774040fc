"""Fork interpreters whose imports are done: ``python -m phasegate.local.fork_server SOCKET``.

Importing takes longer than most steps do, and the steps of a run import the same libraries, as do
the runs of a recurring pipeline: so it is done once. SOCKET is the number of a Unix socket of
packets. Each holds the name of a module and three file descriptors: standard input, standard output
and error, and a pipe that is told the process's number and, at its end, its exit code. The server
has one thread: a fork would copy a lock that another holds, and not who opens it. It ends when the
socket is closed.
"""

from __future__ import annotations

import atexit
import gc
import os
import selectors
import socket
import sys
import threading
import traceback
from collections.abc import Sequence

from phasegate.local.warm import preload, run_ordered

LONGEST_NAME = 1024
PIPES = 3


def main() -> None:
    """Serve; in a process that was forked: wait for the order, run the module, and be gone."""
    module = _serve(socket.socket(fileno=int(sys.argv[1])))
    if module:
        os._exit(_run(module))


def _run(module: str) -> int:
    """The exit code of a module that is run to its end.

    All is done that an interpreter does at its end but taking apart what others imported: that
    takes longer than many a step, and the kernel does it at once.
    """
    code: str | int | None = None
    try:
        run_ordered(module)
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # as `multiprocessing` ends what it forks
    atexit._run_exitfuncs()
    if isinstance(code, str):
        print(code, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


def _serve(control: socket.socket) -> str:
    """The module to become, in a forked process; empty in the server, at its end."""
    told: dict[int, tuple[int, int]] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not control:
                    selector.unregister(key.fd)
                    _tell_end(key.fd, *told.pop(key.fd))
                    continue
                name, pipes, _, _ = socket.recv_fds(control, LONGEST_NAME, PIPES)
                if not name:
                    return ""
                module = name.decode()
                preload(module)
                gc.freeze()  # what is imported stays; looking through it would copy its pages
                pid = os.fork()
                if pid == 0:
                    for handle, (_, status) in told.items():
                        os.close(handle)
                        os.close(status)
                    control.close()
                    _take_over(pipes)
                    return module
                handle = os.pidfd_open(pid)
                told[handle] = pid, pipes[2]
                selector.register(handle, selectors.EVENT_READ)
                os.write(pipes[2], f"{pid}\n".encode())
                for pipe in pipes[:2]:
                    os.close(pipe)


def _take_over(pipes: Sequence[int]) -> None:
    """Lead a group of its own, as a process that was started would, and use the pipes."""
    os.setsid()
    source, output, status = pipes
    os.dup2(source, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for pipe in (source, output, status):
        os.close(pipe)


def _tell_end(handle: int, pid: int, status: int) -> None:
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(handle)
    try:
        os.write(status, f"{code}\n".encode())
    except BrokenPipeError:  # nobody wants to know any more
        pass
    finally:
        os.close(status)


if __name__ == "__main__":
    main()
