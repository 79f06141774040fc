"""A release on one page: `release_report`; its drawings take plain values and serve others too.

`timeline` draws phases, shares, looks and decisions; `bounds` draws an estimate between its bounds.
"""

from phasegate.release.report.bounds import bounds
from phasegate.release.report.history import History, Mark, Stay, Track, history_of
from phasegate.release.report.page import release_report
from phasegate.release.report.timeline import timeline

__all__ = [
    "History",
    "Mark",
    "Stay",
    "Track",
    "bounds",
    "history_of",
    "release_report",
    "timeline",
]
