"""What drifted in a table, as a page to read."""

from __future__ import annotations

from phasegate.monitoring.table.alarms import Episode, Episodes
from phasegate.monitoring.table.stream import Watch
from phasegate.reports import code, disclosure, facts, note, number, page, paragraph, section, table

SHOWN = 400


def drift_page(name: str, watched: Watch, episodes: Episodes) -> str:
    """HTML: when each column was first seen to differ, how, and all episodes."""
    first, every = list(episodes.first().values()), episodes.all()
    heading = f"{episodes.alarmed} of {number(episodes.windows)} windows alert"
    features = watched.profile.features
    constant = [one.name for one in features if one.is_constant]
    said = [one.alarm.reason for one in first]
    return page(
        f"Drift of {name}",
        heading,
        [
            *([] if first else [note("No window differs from the reference.")]),
            section(
                "Reference",
                facts(
                    {
                        "rows": f"the first {number(watched.reference)}",
                        "columns": number(len(features)),
                        "constant in it": ", ".join(constant) or "none",
                        "window": f"{number(watched.window)} rows",
                        "profile": code(watched.profile.digest),
                    }
                ),
            ),
            section("First seen", _table(first), *(paragraph(one) for one in said[:SHOWN])),
            section(
                "All episodes",
                paragraph("Windows in a row with the same alarm are one episode."),
                disclosure(f"{number(len(every))} episodes", _table(every[:SHOWN])),
            ),
        ],
    )


def _table(episodes: list[Episode]):
    return table(
        ["column", "what", "rows of the first window", "windows", "observed", "expected"],
        [
            [
                one.alarm.feature or "all",
                one.alarm.channel.value,
                f"{number(one.first)} to {number(one.until)}",
                one.windows,
                one.alarm.observed,
                one.alarm.allowed,
            ]
            for one in episodes
        ],
    )
