"""Which span of event time a run of monitoring looks at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from phasegate.errors import BadInput
from phasegate.monitoring.retraining.decision import Change, ChangeKind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def floor(moment: datetime, step: timedelta) -> datetime:
    """The last time not after a moment that whole steps from 1970 lead to."""
    return moment - (moment - EPOCH) % step


def ceiling(moment: datetime, step: timedelta) -> datetime:
    """The first time not before a moment that whole steps from 1970 lead to."""
    return moment + (EPOCH - moment) % step


def require_whole(moment: datetime, pane: timedelta, where: str) -> None:
    """Refuse an end of a span that cuts through what is counted together.

    Raises:
        BadInput: whole panes from 1970 do not lead to it.
    """
    if (moment - EPOCH) % pane:
        raise BadInput(
            f"'{moment.isoformat()}' cuts through what is counted together",
            where=where,
            expected=f"a multiple of monitoring.drift.pane, {pane}",
        )


def next_span(
    window: timedelta,
    now: datetime,
    *,
    seen: datetime | None,
    begins: datetime,
    history: timedelta,
) -> tuple[datetime, datetime]:
    """The whole windows since the last look, at least one, and none from before the champion.

    A look that is repeated, because it was cut off or is late, sees the last window again: what is
    done about it is done once, whoever asks.

    Args:
        window: length of a window, which divides the span.
        now: event time; the last window ends at or before it.
        seen: end of what was looked at last; None before the first look.
        begins: event time from which on the champion has answered alone.
        history: longest span.

    Returns:
        Since, and until; both are whole windows from 1970.
    """
    until = floor(now, window)
    since = max(seen or begins, begins, until - history)
    since = ceiling(since, window)
    return (since, until) if since < until else (until - window, until)


def answers_since(changes: Sequence[Change], before: datetime) -> datetime | None:
    """When the champion began to answer alone: the last promotion, or the end of one.

    Args:
        changes: of all kinds.
        before: what came later is left out.

    Returns:
        None where there was no release.
    """
    moments = [
        moment
        for change in changes
        if change.kind is ChangeKind.RELEASE
        for moment in (change.at, change.undone_at)
        if moment is not None and moment <= before
    ]
    return max(moments, default=None)
