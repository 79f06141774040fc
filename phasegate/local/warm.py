"""Start an interpreter before its turn, so that imports overlap with the step before.

``python -m phasegate.local.warm MODULE`` imports the package and what its ``__main__`` imports, and
calls its ``preload``, if it has one, for what is imported later. Then it waits for one JSON line
with ``arguments`` and ``environment`` on standard input and runs the module as the container would:
``python -m MODULE ARGUMENTS``. It ends, with all that it started, when standard input closes, so
that nothing outlives the command that started it, however that ended.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import runpy
import signal
import sys
import threading


def main() -> None:
    """Import, wait for the order, run."""
    preload(sys.argv[1])
    run_ordered(sys.argv[1])


def preload(module: str) -> None:
    """Import what a component needs."""
    # The step itself will report a module that does not import.
    with contextlib.suppress(Exception):
        found = importlib.util.find_spec(module)
        if found and found.submodule_search_locations:  # a package, as every component is
            importlib.import_module(f"{module}.__main__")
            del sys.modules[f"{module}.__main__"]  # it is run as if it were new
            getattr(sys.modules[module], "preload", lambda: None)()


def run_ordered(module: str) -> None:
    """Wait for the order, and run the module as it says."""
    order = sys.stdin.readline()
    if not order:
        return
    threading.Thread(target=_end_with_parent, daemon=True).start()
    request = json.loads(order)
    os.environ.update(request["environment"])
    sys.argv = [module, *request["arguments"]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    # A buffered read here would abort the interpreter at its exit, over the buffer's lock.
    while os.read(0, 1024):
        pass
    os.killpg(os.getpgrp(), signal.SIGTERM)


if __name__ == "__main__":
    main()
