"""Seconds from the command `phasegate traffic kill` to the challenger's last answer, under load.

``python -m benchmarks.serving.kill_switch``: champion and challenger behind Envoy, half of the
traffic each and all of it mirrored, from clients that ask again as soon as they are answered. The
clock starts before the command's process does. Prints Markdown.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp

from benchmarks.serving.deployment import envoy
from benchmarks.serving.model import one_tensor, rows, saved_model
from benchmarks.serving.processor import LOAD_CORE, pinned
from benchmarks.serving.servers import INFER, Phasegate
from benchmarks.serving.table import print_table
from phasegate.traffic.envoy.target import EnvoyTarget
from phasegate.traffic.headers import ENTITY, ROLE
from phasegate.traffic.plan import WHOLE, TrafficPlan

ENTITIES = 1000
BEFORE, AFTER = 200, 500
"""Answers of the challenger before a trial begins, and of the champion in a row that end it."""
TRIAL_SECONDS = 30.0


@dataclass(frozen=True)
class Trial:
    """One pull of the switch, seconds from the command's start.

    Attributes:
        returned: the command ended.
        last: the challenger's last answer arrived.
        rate: answers a second, of both, during the trial.
    """

    returned: float
    last: float
    rate: float


class Clients:
    """Clients that ask without pause, and when whose answer came.

    Attributes:
        answers: moment on the monotonic clock, and role of who answered, in order of arrival.
        failures: answers other than 200, and broken connections.
    """

    def __init__(self, url: str, bodies: Sequence[bytes]) -> None:
        self._url, self._bodies = url, bodies
        self._number = 0
        self.answers: list[tuple[float, str]] = []
        self.failures = 0

    async def ask(self, session: aiohttp.ClientSession) -> None:
        """Ask until cancelled."""
        while True:
            self._number += 1
            headers = {"content-type": "application/json", ENTITY: f"e{self._number % ENTITIES}"}
            body = self._bodies[self._number % len(self._bodies)]
            try:
                async with session.post(self._url, data=body, headers=headers) as answer:
                    await answer.read()
                    self.failures += answer.status != 200
                    self.answers.append((time.monotonic(), answer.headers.get(ROLE, "")))
            except aiohttp.ClientError:
                self.failures += 1

    async def seen(self, count: int, role: str, *, in_a_row: bool) -> None:
        """Wait until so many answers of a role have arrived from now on."""
        start = len(self.answers)
        async with asyncio.timeout(TRIAL_SECONDS):
            while True:
                roles = [found for _, found in self.answers[start:]]
                if in_a_row:
                    roles = roles[-count:]
                if roles.count(role) >= count:
                    return
                await asyncio.sleep(0.01)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    bodies = [one_tensor(rows(1, seed)) for seed in range(64)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        saved_model(folder / "models" / "old", seed=7)
        saved_model(folder / "models" / "new", seed=8)
        spool = folder / "spool"
        with (
            Phasegate(folder / "models" / "old", folder / "champion", spool=spool) as champion,
            Phasegate(folder / "models" / "new", folder / "challenger", spool=spool) as challenger,
        ):
            plan = TrafficPlan(
                champion.backend, challenger.backend, weight=WHOLE // 2, mirror=WHOLE
            )
            with envoy(folder / "proxy", plan) as proxy, pinned(LOAD_CORE):
                clients = Clients(proxy.address + INFER, bodies)
                target = EnvoyTarget(folder / "proxy")
                trials = asyncio.run(measure(clients, target, proxy.admin.address, options))
    print_trials(trials, clients.failures)


async def measure(
    clients: Clients, target: EnvoyTarget, admin: str, options: argparse.Namespace
) -> list[Trial]:
    """Pull the switch again and again, with traffic split as before in between."""
    trials = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        asking = [asyncio.create_task(clients.ask(session)) for _ in range(options.connections)]
        try:
            for _ in range(options.trials):
                trials.append(await one_trial(clients, admin))
                await asyncio.to_thread(target.revive)
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
    return trials


async def one_trial(clients: Clients, admin: str) -> Trial:
    """Pull the switch once, when the challenger answers, and wait until it does no more."""
    await clients.seen(BEFORE, "challenger", in_a_row=False)
    first, started = len(clients.answers), time.monotonic()
    process = await asyncio.create_subprocess_exec(*command(admin), stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    returned = time.monotonic() - started
    if process.returncode != 0:
        raise RuntimeError(f"the command failed: {output.decode()}")
    await clients.seen(AFTER, "champion", in_a_row=True)
    answers = clients.answers[first:]
    last = max((moment for moment, role in answers if role == "challenger"), default=started)
    return Trial(returned, last - started, len(answers) / (answers[-1][0] - started))


def command(admin: str) -> list[str]:
    """The command, as an operator would give it."""
    return [sys.executable, "-m", "phasegate.cli", "traffic", "kill", "--admin", admin]


def print_trials(trials: Sequence[Trial], failures: int) -> None:
    """One line for each measure."""
    print_table(
        (f"{len(trials)} trials", "median", "max"),
        [
            ("the challenger's last answer, seconds", *_cells([one.last for one in trials])),
            ("the command has returned, seconds", *_cells([one.returned for one in trials])),
        ],
    )
    print(f"At {median(one.rate for one in trials):,.0f} answers a second; {failures} failed.")


def _cells(values: Sequence[float]) -> tuple[str, str]:
    return f"{median(values):.3f}", f"**{max(values):.3f}**"


if __name__ == "__main__":
    main()
