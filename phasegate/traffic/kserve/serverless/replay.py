"""A shadow where no proxy copies requests: the champion's log is sent to the challenger.

The challenger meets each request some time after the champion did: as soon as the sidecar has
sealed it. Id, event time and entity are the champion's, so that the two answers make a pair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from phasegate.errors import Unavailable
from phasegate.store.named import NamedFiles
from phasegate.traffic.kserve.serverless.bookmark import Bookmarks, Progress
from phasegate.traffic.kserve.serverless.logged import LoggedRequest, read_requests
from phasegate.traffic.kserve.serverless.sending import ANSWERED, Limits, Sender
from phasegate.traffic.plan import Backend

_BATCH_SECONDS = 2.0  # of sending, between two looks at whether copies are still wanted

_SMALLEST_BATCH = 20  # of which none is answered only where the challenger is away


@dataclass(frozen=True, slots=True)
class Shadow:
    """Which copies are wanted now.

    Attributes:
        champion: first 12 digits of its digest.
        challenger: who gets the copies.
        mirror: share of the champion's requests, in basis points.
    """

    champion: str
    challenger: Backend
    mirror: int


@dataclass(frozen=True)
class Replay:
    """Sends what a log has and a challenger has not met.

    Attributes:
        model: name that the models are served under.
        log: store of the prediction log.
        bookmarks: how far it has come.
        wanted: which copies are wanted; None where none are.
        limits: of what the challenger is asked.
        concealed: columns that the log hides behind a hash.
        folder: for files that are fetched from a bucket.
        tell: told of the progress after each file.
    """

    model: str
    log: NamedFiles
    bookmarks: Bookmarks
    wanted: Callable[[], Shadow | None]
    limits: Limits
    concealed: Sequence[str]
    folder: Path
    tell: Callable[[Shadow, Progress], None]

    def once(self, since: datetime, now: datetime) -> Progress | None:
        """Send all that is there by now.

        Args:
            since: first event time.
            now: event time.

        Returns:
            How far it has come; None where no copies are wanted.

        Raises:
            Unavailable: store or challenger do not answer; what was sent is marked by files.
            BadInput: the log cannot be read.
        """
        shadow = self.wanted()
        if shadow is None:
            return None
        progress = self.bookmarks.read(shadow.champion, shadow.challenger.name)
        files = [name for name in self._files(shadow, since, now) if not progress.has(name)]
        if not files:
            return progress
        with Sender(shadow.challenger.address, self.model, self.limits) as sender:
            inputs = sender.inputs()
            for name in files:
                requests, lost = read_requests(
                    self._here(name), inputs, champion=shadow.champion, mirror=shadow.mirror,
                    since=since, concealed=self.concealed,
                )  # fmt: skip
                outcomes = self._sent(requests, sender, shadow)
                if outcomes is None:
                    break  # the file is sent from its beginning when that changes back
                answers = outcomes.pop(ANSWERED, 0)
                progress = self.bookmarks.add(
                    shadow.champion, shadow.challenger.name, name, answers, outcomes + lost
                )
                self.tell(shadow, progress)
        return progress

    def _sent(
        self, requests: Sequence[LoggedRequest], sender: Sender, shadow: Shadow
    ) -> Counter[str] | None:
        """What became of the requests of a file; None where copies are not wanted any more.

        Raises:
            Unavailable: none of them is answered.
        """
        size = max(int(self.limits.rate * _BATCH_SECONDS), _SMALLEST_BATCH)
        outcomes: Counter[str] = Counter()
        for first in range(0, len(requests), size):
            if self.wanted() != shadow:
                return None
            outcomes += sender.send(requests[first : first + size])
            if not outcomes[ANSWERED]:
                raise Unavailable(
                    f"none of {outcomes.total()} copies was answered"
                    f" ({', '.join(sorted(outcomes))})",
                    where=f"{shadow.challenger.name} at {shadow.challenger.address}",
                )
        return outcomes

    def _files(self, shadow: Shadow, since: datetime, now: datetime) -> Iterator[str]:
        day, last = since.astimezone(UTC).date(), now.astimezone(UTC).date()
        while day <= last:
            prefix = f"predictions/{self.model}/date={day}/model={shadow.champion}/"
            yield from (name for name in self.log.names(prefix) if name.endswith(".parquet"))
            day += timedelta(days=1)

    def _here(self, name: str) -> Path:
        """The file on this machine; one from a bucket is overwritten by the next."""
        return self.log.local_path(name) or self.log.fetch(name, self.folder)
