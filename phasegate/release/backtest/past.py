"""Past traffic: the prediction log of a champion, or a feature set in its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from phasegate.clock import microseconds
from phasegate.errors import BadInput
from phasegate.store.named import NamedFiles

_KEYED = ("_row", "_time")


@dataclass(frozen=True)
class Past:
    """Files of past traffic.

    Attributes:
        source: what they were found at, for people.
        files: Parquet; of the prediction log, those that the champion wrote.
        is_log: whether they are of the prediction log, with scores and latencies, or a feature set.
    """

    source: str
    files: tuple[Path, ...]
    is_log: bool


def past_of_log(
    store: NamedFiles,
    model: str,
    champion: str,
    folder: Path,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Past:
    """What a champion logged.

    Args:
        store: of the prediction log.
        model: name that the champion is served under.
        champion: hex sha256 of the champion.
        folder: for files that are not on this machine.
        since: first event time that matters.
        until: event time that does not matter any more.

    Raises:
        BadInput: it logged nothing then.
    """
    every = store.names(f"predictions/{model}/")
    own = [name for name in every if f"/model={champion[:12]}/" in name]
    wanted = [name for name in own if _is_between(name, since, until)]
    if not wanted:
        others = sorted({part for name in every for part in name.split("/") if "model=" in part})
        raise BadInput(
            f"the log has no predictions of {model} {champion[:12]}"
            + (" in that time" if own else ""),
            where=store.uri,
            expected=f"one of {', '.join(others)}" if others and not own else None,
            fix="give a feature set as past traffic: phasegate backtest --traffic FOLDER",
        )
    files = (
        store.local_path(name) or store.fetch(name, folder / Path(name).parent) for name in wanted
    )
    return Past(store.uri, tuple(files), is_log=True)


def past_of_features(path: Path) -> Past:
    """A feature set, or Parquet files of one, as if its rows had been requests.

    Raises:
        BadInput: it is none.
    """
    files = tuple(sorted(path.glob("*.parquet"))) if path.is_dir() else (path,)
    for file in files:
        try:
            names = pq.read_schema(file).names
        except (OSError, pa.ArrowInvalid) as error:
            raise BadInput(f"is no Parquet file ({error})", where=str(file)) from None
        if absent := [name for name in _KEYED if name not in names]:
            raise BadInput(
                f"has no column {absent[0]}",
                where=str(file),
                expected="a feature set, as `featurize` writes it",
                fix="phasegate show says where that of a run is",
            )
    if not files:
        raise BadInput("has no Parquet files", where=str(path), fix="phasegate show says where")
    return Past(str(path), files, is_log=False)


def _is_between(name: str, since: datetime | None, until: datetime | None) -> bool:
    days = [part.removeprefix("date=") for part in name.split("/") if part.startswith("date=")]
    if not days:
        return True
    start = microseconds(datetime.combine(date.fromisoformat(days[0]), datetime.min.time(), UTC))
    day = 86_400_000_000
    return (since is None or start + day > microseconds(since)) and (
        until is None or start < microseconds(until)
    )
