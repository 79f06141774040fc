"""Features of events at serving time, from raw inputs and a history, equal to training's."""

from phasegate.online.features import Computed, OnlineFeatures
from phasegate.online.history import DAY, Added, History
from phasegate.online.inputs import Events, RawInput, raw_inputs
from phasegate.online.sqlite_history import SqliteHistory

__all__ = [
    "DAY",
    "Added",
    "Computed",
    "Events",
    "History",
    "OnlineFeatures",
    "RawInput",
    "SqliteHistory",
    "raw_inputs",
]
