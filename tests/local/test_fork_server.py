"""Interpreters that are forked with their imports done behave as if they had been started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from phasegate.local.environments import ROOT, environment
from phasegate.local.processes import ForkServer, order, stop_group
from tests.waiting import until

PRINTED = """
import os, sys
print(sys.argv[1:], os.environ["COLOUR"], os.getpgrp() == os.getpid())
sys.exit(int(sys.argv[1]))
"""
SLEEPS = "import time; print('asleep', flush=True); time.sleep(600)"
RAISES = "raise ValueError('by hand')"
SAYS_WHY = "import sys; sys.exit('there is a reason')"
ENDS = """
import atexit, threading, time
atexit.register(print, "last words")
threading.Thread(target=lambda: (time.sleep(0.2), print("of a thread"))).start()
print("of the module")
"""
KILLS = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ForkServer]:
    for name, text in {
        "printed": PRINTED, "sleeps": SLEEPS, "kills": KILLS,
        "raises": RAISES, "says_why": SAYS_WHY, "ends": ENDS,
    }.items():  # fmt: skip
        (tmp_path / f"forked_{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)  # of which `python -m` imports
    forks = ForkServer(Path(sys.executable))
    yield forks
    forks.close()


def test_a_module_gets_its_order_and_its_exit_code_comes_back(server: ForkServer) -> None:
    started = [server.start("forked_printed") for _ in range(3)]
    for number, process in enumerate(started):
        order(process, [str(number), "two words"], {"COLOUR": "blue"})
    for number, process in enumerate(started):
        assert process.stdout
        assert process.stdout.read() == f"['{number}', 'two words'] blue True\n"
        assert process.wait() == number
        stop_group(process)


def test_a_process_is_waited_for_and_stopped_by_its_own_handle(server: ForkServer) -> None:
    process, other = server.start("forked_sleeps"), server.start("forked_sleeps")
    for one in (process, other):
        order(one, [], {})
        assert one.stdout
        assert one.stdout.readline() == "asleep\n"
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    stop_group(process)
    assert process.wait() == -signal.SIGTERM
    os.kill(other.pid, 0)  # still there
    stop_group(other)


@pytest.mark.parametrize(
    ("name", "code", "output"),
    [
        ("raises", 1, "ValueError: by hand"),
        ("says_why", 1, "there is a reason"),
        ("ends", 0, "of the module\nof a thread\nlast words"),
    ],
)
def test_a_process_ends_as_one_that_was_started_would(
    server: ForkServer, name: str, code: int, output: str
) -> None:
    process = server.start(f"forked_{name}")
    order(process, [], {})
    assert process.stdout
    assert process.stdout.read().rstrip().endswith(output)
    assert process.wait() == code
    stop_group(process)


def test_how_a_process_died_is_told(server: ForkServer) -> None:
    process = server.start("forked_kills")
    order(process, [], {})
    assert process.wait() == -signal.SIGKILL
    stop_group(process)


def test_one_that_was_never_ordered_ends_with_its_standard_input(server: ForkServer) -> None:
    process = server.start("forked_printed")
    assert process.stdin
    process.stdin.close()
    assert process.wait() == 0
    stop_group(process)


def test_a_server_that_died_leaves_nobody_waiting(server: ForkServer) -> None:
    os.kill(server._server.pid, signal.SIGKILL)
    server._server.wait()
    process = server.start("forked_printed")
    order(process, ["0"], {})
    assert process.wait() == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        assert process.pid
    stop_group(process)


def test_who_is_stopped_while_the_server_imports_does_not_wait_for_that(
    server: ForkServer, tmp_path: Path
) -> None:
    importing, imported = tmp_path / "importing", tmp_path / "imported"
    (tmp_path / "forked_slow").mkdir()
    (tmp_path / "forked_slow" / "__init__.py").write_text("")
    (tmp_path / "forked_slow" / "__main__.py").write_text(
        "import pathlib, time\n"
        f"pathlib.Path({str(importing)!r}).touch()\n"
        "time.sleep(30)\n"
        f"pathlib.Path({str(imported)!r}).touch()\n"
    )
    process, other = server.start("forked_slow"), server.start("forked_printed")
    order(process, [], {})
    until(importing.exists)
    stop_group(process)
    server.close()
    stop_group(other)
    assert not imported.exists()
    assert process.stdout.closed
    assert other.stdout.closed


def test_what_a_component_imports_is_there_before_its_turn() -> None:
    script = (
        "import sys\n"
        "from phasegate.local.warm import preload\n"
        "name = 'components.measure_performance'\n"
        "preload(name)\n"
        "print('scipy.stats' in sys.modules, f'{name}.__main__' in sys.modules)"
    )
    done = subprocess.run(
        [environment("core").python, "-c", script], cwd=ROOT, capture_output=True, text=True,
        check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.split() == ["True", "False"]


@pytest.mark.parametrize("name", ["core", "tfdv"])
def test_no_import_of_a_component_starts_a_thread_of_python(name: str) -> None:
    """A fork copies the locks that other threads hold, and not the threads."""
    script = (
        "import importlib.util, pathlib, sys, threading\n"
        "from phasegate.local.warm import preload\n"
        "for path in sorted(pathlib.Path('components').iterdir()):\n"
        "    if (path / '__main__.py').is_file():\n"
        "        preload(f'components.{path.name}')\n"
        "print([one.name for one in threading.enumerate()])\n"
    )
    done = subprocess.run(
        [environment(name).python, "-c", script], cwd=ROOT, capture_output=True, text=True,
        check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.strip().splitlines()[-1] == "['MainThread']", done.stderr
