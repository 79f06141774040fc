"""Prediction logs as the sidecar stores them, made of a few records in brief."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from phasegate.clock import microseconds
from phasegate.prediction_log.record import Prediction
from phasegate.prediction_log.table import parquet_bytes, partitions, table
from tests.prediction_log.examples import SOURCE
from tests.release.gathering.relations import START
from tests.release.samples import CHALLENGER, CHAMPION

_COMMON = {"model": "card-fraud", "numeric": ("amount",), "text": ("category",)}
SOURCES = {
    "champion": replace(SOURCE, model_digest=CHAMPION.digest, **_COMMON),
    # A feature more, which no metric can be over, and another order of them.
    "challenger": replace(
        SOURCE, **{**_COMMON, "numeric": ("mean_7d", "amount")}, model_digest=CHALLENGER.digest
    ),
}
UNTIL = START + timedelta(hours=36)


@dataclass(frozen=True)
class Logged:
    """A record: of which request, by which role, at which hour after START, decided or failed."""

    request: int
    role: str
    hour: int
    entity: str | None
    decisions: tuple[int, ...]
    latency: int = 900
    error: str | None = None

    @property
    def amounts(self) -> list[float]:
        """Features are the request's: both models see the same."""
        return [self.request + row / 4 for row in range(len(self.decisions))]

    def prediction(self) -> Prediction:
        cells = self.amounts
        if self.role != "champion":
            cells = [cell for amount in cells for cell in (7.0, amount)]
        rows = len(self.decisions)
        return Prediction(
            f"{self.request}",
            microseconds(START + timedelta(hours=self.hour)),
            self.entity,
            self.role,
            self.latency,
            self.error,
            struct.pack(f"<{len(cells)}d", *cells) if self.error is None else b"",
            [[f"c{self.request % 3}"] * rows] if self.error is None else [],
            struct.pack(f"<{rows}d", *(0.25 + d / 2 for d in self.decisions)),
            bytes(self.decisions),
        )

    def rows(self, label: bool | None) -> list[dict[str, Any]]:
        """As rows of ANSWERS."""
        common = {
            "request_id": f"{self.request}",
            "event_time": START + timedelta(hours=self.hour),
            "entity": self.entity,
            "role": self.role,
            "latency_us": self.latency,
            "error": self.error,
            "label": label,
        }
        if self.error is not None:
            nothing = {"row": 0, "score": None, "decision": None, "features": None}
            return [{**common, **nothing}]
        return [
            {
                **common,
                "row": row,
                "score": 0.25 + decision / 2,
                "decision": decision,
                "features": {"amount": amount, "category": f"c{self.request % 3}"},
            }
            for row, (decision, amount) in enumerate(zip(self.decisions, self.amounts, strict=True))
        ]


def store(folder: Path, records: list[Logged], parts: int = 2) -> None:
    """Seal the records as the sidecars of both models do, in some segments each."""
    for model, source in SOURCES.items():
        own = [
            one.prediction() for one in records if (one.role == "champion") == (model == "champion")
        ]
        for number in range(parts):
            sealed = table(own[number::parts], source)
            for name, part in partitions(sealed, source, f"{number:064d}"):
                file = folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(parquet_bytes(part))


@st.composite
def logs(draw: st.DrawFn) -> list[Logged]:
    """Copied requests, the challenger's own, those that the champion answered instead; some are
    logged twice, outside of the phase, late, or out of order."""
    records = []
    entities = st.none() | st.sampled_from(["a", "b", "c"])
    for request in range(draw(st.integers(0, 12))):
        hour, entity = draw(st.integers(-3, 40)), draw(entities)
        rows = draw(st.integers(1, 2))

        def one(role: str, later: int = 0, error: str | None = None, **own: Any) -> Logged:
            decided = () if error else tuple(draw(st.integers(0, 1)) for _ in range(own["rows"]))
            latency = draw(st.integers(200, 3_000_000))
            return Logged(
                own["request"], role, own["hour"] + later, own["entity"], decided, latency, error
            )

        own = {"request": request, "hour": hour, "entity": entity, "rows": rows}
        kind = draw(st.sampled_from(["copied", "lost", "failed copy", "own", "failed", "silent"]))
        if kind != "own":
            records.append(one("champion", **own))
        if kind == "copied":
            records.append(one("shadow", **own))
        if kind == "failed copy":
            records.append(one("shadow", error="internal", **own))
        if kind == "own":
            records.append(one("challenger", **own))
        if kind == "failed":
            records.append(one("challenger", error="internal", **own))
        if records and draw(st.booleans()):
            records.append(replace(records[-1], hour=records[-1].hour + 1))
    return draw(st.permutations(records))
