"""What runs while users pay: traffic, monitoring on its schedule, releases, two worlds' score."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from examples.production.production import Production
from examples.production.stream import stream
from examples.production.traffic import requests_of
from examples.replay.platform import DataPlatform
from examples.replay.record import Happening, History, Judged, Piece, What
from examples.replay.score import Scores
from examples.replay.story import DAY, WEEK
from examples.replay.twin import Twin
from examples.replay.warehouse import Warehouse
from examples.replay.watching import watch_once
from phasegate.local.run import Workspace
from phasegate.local.serving.models import fetch_models
from phasegate.monitoring.retraining.entry import Entry as JournalEntry
from phasegate.monitoring.retraining.entry import EventKind, TrainingOutcome
from phasegate.monitoring.retraining.journal import Journal
from phasegate.project.load import Project
from phasegate.registry.models import CHALLENGER, CHAMPION
from phasegate.release.drivers.step import step
from phasegate.release.entry import Entry
from phasegate.release.record import ReleaseRecord, Status

_OVER = {
    Status.PROMOTED: What.PROMOTED,
    Status.ROLLED_BACK: What.ROLLED_BACK,
    Status.ENDED: What.ENDED,
}


class Operations:
    """Six months of a model's life.

    Args:
        project: whose model is served.
        workspace: of everything.
        variables: environment variables of pipeline steps.
        warehouse: what happens, and what is known.
        production: that serves.
        platform: that computes features.
        twin: the first model, left alone.
        journal: of the model's monitoring.
        say: told what happens.

    Attributes:
        history: what happened so far.
    """

    def __init__(
        self,
        project: Project,
        workspace: Workspace,
        variables: Mapping[str, str],
        warehouse: Warehouse,
        production: Production,
        platform: DataPlatform,
        twin: Twin,
        journal: Journal,
        say: Callable[[str], None],
    ) -> None:
        self._project, self._workspace, self._variables = project, workspace, variables
        self._warehouse, self._production, self._platform = warehouse, production, platform
        self._twin, self._journal, self._say = twin, journal, say
        self._scores = Scores(warehouse.truth, production.log_store, project.name)
        self._expected: Counter[str] = Counter()
        self._alerts: set[str] = set()
        self._channels: set[tuple[str, str]] = set()
        self._journalled = self._released = 0
        self._known = warehouse.story.live_from
        self._folder = workspace.folder / "pieces"
        self._folder.mkdir(exist_ok=True)
        self._pool = ThreadPoolExecutor(1)
        self._watching: Future[Judged] | None = None
        self.history = History()

    def live(self, since: datetime, until: datetime) -> None:
        """Live through a piece of traffic, and do at its end what is due.

        A scheduled run of monitoring goes on while the next piece is sent, as it would beside
        users; its end is waited for before the piece after that. An alert is looked into at once.
        """
        self._platform.deploy_due(until)
        self._deploy_challenger()
        self.history.pieces.append(self._send(since, until))
        self._production.now = until
        step(self._production.world, until)
        self._note_releases()
        self._tidy()
        self._warehouse.advance(self._known, until)
        self._known = until
        alerted = self._new_alerts(until)
        self.settle()
        is_due = (until - self._warehouse.story.live_from) % WEEK == timedelta(0)
        if is_due or alerted:
            called_by = "alert" if alerted else "schedule"
            self._watching = self._pool.submit(self._watch, until, called_by)
        if alerted:
            self.settle()

    def settle(self) -> None:
        """Wait for the run of monitoring that is under way, and note what came of it."""
        if self._watching is None:
            return
        self.history.judged.append(self._watching.result())
        self._watching = None
        entries = self._journal.entries()
        for entry in entries[self._journalled :]:
            if happening := _of_journal(entry):
                self.history.happenings.append(happening)
        self._journalled = len(entries)

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown()

    @property
    def champion(self) -> str:
        """Version that answers users."""
        digest = self._champion()
        return next(one.version for one in self._production.served if one.digest == digest)

    @property
    def phase(self) -> str:
        """Of a release that is under way; empty for none."""
        record = self._record()
        if record is None or record.is_over:
            return ""
        return f"{record.challenger.reference} in {record.current.name}"

    def _send(self, since: datetime, until: datetime) -> Piece:
        requests = self._warehouse.requests(since)
        file = self._platform.serve(requests, since, until, self._folder / "served.parquet")
        record = self._record()
        under_way = record is not None and not record.is_over

        def sending(at: datetime) -> None:
            self._production.now = at

        sent = stream(requests_of(file, self._production.inputs, sending),
                      self._production.inputs.url)  # fmt: skip
        self._expected += sent.by_role
        if under_way and record is not None and record.current.mirror > 0:
            self._expected["shadow"] += sent.by_role["champion"]
        days = [since + n * DAY for n in range((until - since) // DAY + 1)]
        self._production.log.await_rows(days, self._expected)
        decisions = self._folder / f"{since:%Y-%m-%dT%H}.parquet"
        self._twin.decide(file, decisions)
        guarded, by_model = self._scores.served(since, until)
        return Piece(
            since, until, sent.requests, sent.errors, by_model,
            record.current.name if under_way and record is not None else "",
            guarded, self._scores.decided(decisions),
        )  # fmt: skip

    def _watch(self, now: datetime, called_by: str) -> Judged:
        return watch_once(
            self._project, self._workspace, self._variables, now,
            log=str(self._production.log_store), sink=self._platform.sink, called_by=called_by,
        )  # fmt: skip

    def _deploy_challenger(self) -> None:
        """Start a server for a challenger that was registered; its release starts by itself."""
        registry = self._production.world.registry
        aliases = registry.aliases(self._project.name)
        if CHALLENGER not in aliases or aliases[CHALLENGER] == aliases.get(CHAMPION):
            return
        found = registry.resolve(f"{self._project.name}@{CHALLENGER}")
        if any(model.digest == found.model_digest for model in self._production.served):
            return
        if self._was_refused(found.model_digest):
            return
        (model,) = fetch_models(
            [str(found)], self._workspace, self._workspace.folder / "serving" / "models"
        )
        self._production.deploy(model)
        step(self._production.world, self._production.now)
        self._note_releases()

    def _tidy(self) -> None:
        """Stop servers that no release needs any more."""
        record = self._record()
        if record is None or not record.is_over:
            return
        is_promoted = record.status is Status.PROMOTED
        kept = record.challenger if is_promoted else record.champion
        for model in self._production.served:
            if model.digest != kept.digest:
                self._production.withdraw(model)

    def _was_refused(self, digest: str) -> bool:
        return any(
            entry.record.challenger.digest == digest and entry.record.is_over
            for entry in self._production.releases.entries(self._project.name)
        )

    def _record(self) -> ReleaseRecord | None:
        entry = self._production.releases.head(self._project.name)
        return None if entry is None else entry.record

    def _note_releases(self) -> None:
        entries = self._production.releases.entries(self._project.name)
        for entry in entries[self._released :]:
            if happening := _of_release(entry):
                self.history.happenings.append(happening)
        self._released = len(entries)

    def _new_alerts(self, until: datetime) -> bool:
        """Whether the sidecar says what it has not said of this champion before."""
        self._production.await_judged((until - timedelta(hours=1)).replace(hour=0, minute=0))
        folder = self._production.log_store / "monitoring" / self._project.name / "alerts"
        fresh: list[dict] = []
        for path in sorted(folder.glob("*.json")):
            if path.name not in self._alerts:
                self._alerts.add(path.name)
                fresh.append(json.loads(path.read_bytes()))
        champion = self._champion()
        is_new = False
        for event in sorted(fresh, key=lambda one: one["time"]):
            data = event.get("data", {})
            if data.get("model_digest") != champion:
                continue
            found = {(one["channel"], one["feature"]) for one in data.get("alarms", [])}
            if new := found - self._channels:
                is_new = True
                self._channels |= new
                said = next(
                    one["reason"] for one in data["alarms"]
                    if (one["channel"], one["feature"]) in new
                )  # fmt: skip
                at = min(datetime.fromisoformat(event["time"]).astimezone(UTC), until)
                self.history.happenings.append(Happening(at, What.ALERT, said))
        return is_new

    def _champion(self) -> str:
        slot = self._production.world.target.observe().champion.backend.name
        return next(one.digest for one in self._production.served if one.digest[:12] == slot)


def _of_release(entry: Entry) -> Happening | None:
    record = entry.record
    if entry.action == "start":
        return Happening(entry.at, What.RELEASED, f"{record.challenger.reference}: {entry.reason}")
    if entry.action in ("finish", "roll back", "end inconclusive"):
        return Happening(entry.at, _OVER[record.status], entry.reason)
    return None


def _of_journal(entry: JournalEntry) -> Happening | None:
    event = entry.event
    match event.kind:
        case EventKind.CHANGE_ANNOUNCED if event.change is not None:
            return Happening(event.change.at, What.BUG, f"{event.change.what} goes live")
        case EventKind.CHANGE_UNDONE:
            return Happening(event.at, What.UNDONE, event.reason)
        case EventKind.TRAINING_ENDED if event.training is not None:
            is_good = event.training.outcome is TrainingOutcome.REGISTERED
            what = What.TRAINED if is_good else What.BLOCKED
            return Happening(event.at, what, f"{event.training.version} {event.reason}".strip())
        case EventKind.PERSON_ASKED:
            return Happening(event.at, What.ASKED, event.reason)
    return None
