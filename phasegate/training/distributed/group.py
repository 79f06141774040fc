"""The workers' connection to each other."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from phasegate.errors import BadInput, Unavailable
from phasegate.models.booster import import_xgboost

TRACKER, PORT, RANK, WORKERS = (
    "DMLC_TRACKER_URI",
    "DMLC_TRACKER_PORT",
    "DMLC_TASK_ID",
    "DMLC_NUM_WORKER",
)
# Pods of one job start minutes apart where one of them must first pull its image.
_MEET_SECONDS = 900
# A worker that is gone is seen at once; this is for one that is there and does not answer.
_ANSWER_SECONDS = 1800
_PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker finds the others.

    Attributes:
        tracker: name or address of rank 0, which runs the tracker.
        port: of the tracker.
        rank: of this worker.
        workers: in all.
    """

    tracker: str
    port: int
    rank: int
    workers: int

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Place:
        """From the variables that Kubeflow Trainer's XGBoost policy sets, and our launcher too.

        Raises:
            BadInput: one is missing or no number.
        """
        try:
            place = cls(
                variables[TRACKER],
                int(variables[PORT]),
                int(variables[RANK]),
                int(variables[WORKERS]),
            )
        except KeyError as error:
            raise BadInput(
                f"{error.args[0]} is not set",
                where="environment",
                fix="run this as a worker of `train`, or by a TrainingRuntime with an xgboost"
                " policy",
            ) from None
        except ValueError as error:
            raise BadInput(str(error), where=f"{PORT}, {RANK} or {WORKERS}") from None
        if not 0 <= place.rank < place.workers:
            raise BadInput(
                f"{place.rank}", where=RANK, expected=f"0 to {place.workers - 1} of {WORKERS}"
            )
        return place


@contextmanager
def joined(place: Place) -> Iterator[None]:
    """Within the ``with`` body this process is one of the workers.

    After an error it must end: the others wait for it, and see it go.

    Raises:
        Unavailable: the others are not there in time.
    """
    import_xgboost()
    from xgboost import collective
    from xgboost.core import XGBoostError
    from xgboost.tracker import RabitTracker

    until = time.monotonic() + _MEET_SECONDS
    address, tracker = _address(place.tracker, until), None
    try:
        if place.rank == 0:
            tracker = RabitTracker(
                place.workers, address, place.port, sortby="task", timeout=_MEET_SECONDS
            )
            tracker.start()
        _await_tracker(place, address, until)
        collective.init(
            dmlc_communicator="rabit",
            dmlc_tracker_uri=address,
            dmlc_tracker_port=place.port,
            # As text: "10" would come before "2".
            dmlc_task_id=f"{place.rank:06d}",
            dmlc_timeout=_ANSWER_SECONDS,
        )
    except (XGBoostError, ValueError) as error:
        raise _unmet(place, str(error).strip().splitlines()[-1]) from None
    if (rank := collective.get_rank()) != place.rank:
        raise _unmet(place, f"this worker is {place.rank} and was taken for {rank}")
    yield
    collective.finalize()
    if tracker is not None:
        tracker.wait_for(_MEET_SECONDS)


def _address(name: str, until: float) -> str:
    """IP address of a name, which a cluster's DNS knows once the pod has one."""
    while True:
        try:
            return socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)[0][4][0]
        except OSError as error:
            if time.monotonic() > until:
                raise Unavailable(f"its name has no address ({error})", where=name) from None
            time.sleep(_PAUSE_SECONDS)


def _await_tracker(place: Place, address: str, until: float) -> None:
    """Wait until something listens there, without saying anything to it."""
    if place.rank == 0:
        return
    while not _listens(address, place.port):
        if time.monotonic() > until:
            raise _unmet(place, "worker 0 does not listen")
        time.sleep(_PAUSE_SECONDS)


def _listens(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=5):
            return True
    except OSError:
        return False


def _unmet(place: Place, why: str) -> Unavailable:
    return Unavailable(
        f"worker {place.rank} of {place.workers} did not meet the others: {why}",
        where=f"{place.tracker}:{place.port}",
    )
