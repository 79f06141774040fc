"""What runs while users pay: traffic, monitoring on its schedule, releases, two worlds' score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

from examples.production.production import Production
from examples.production.stream import stream
from examples.production.traffic import requests_of
from examples.replay.happenings import Alerts, of_journal, of_release
from examples.replay.platform import DataPlatform
from examples.replay.record import History, Judged, Piece
from examples.replay.score import Scores
from examples.replay.story import DAY, WEEK
from examples.replay.twin import Twin
from examples.replay.warehouse import Warehouse
from examples.replay.watching import watch_once
from phasegate.local.environments import environment
from phasegate.local.serving.models import fetch_models
from phasegate.local.steps import StepProcess, WarmSteps
from phasegate.local.workspace import Workspace
from phasegate.monitoring.retraining.journal import Journal
from phasegate.project.load import Project
from phasegate.registry.models import CHALLENGER, CHAMPION
from phasegate.release.drivers.step import step
from phasegate.release.record import ReleaseRecord, Status


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
    ) -> None:
        self._project, self._workspace, self._variables = project, workspace, variables
        self._warehouse, self._production, self._platform = warehouse, production, platform
        self._twin, self._journal = twin, journal
        self._scores = Scores(warehouse.truth, production.log_store, project.name)
        self._expected: Counter[str] = Counter()
        self._alerts = Alerts(production.log_store / "monitoring" / project.name / "alerts")
        self._journalled = self._released = 0
        self._known = warehouse.story.live_from
        self._folder = workspace.folder / "pieces"
        self._folder.mkdir(exist_ok=True)
        self._pool, self._warm = ThreadPoolExecutor(1), WarmSteps()
        # They import while the first requests are sent; TFDV is what takes trainings longest to.
        self._warm.warm(StepProcess("components.observe", environment("core")))
        self._warm.warm(StepProcess("components.validate", environment("tfdv")))
        self._watching: Future[Judged] | None = None
        self.history = History()

    def live(self, since: datetime, until: datetime) -> None:
        """Live through a piece of traffic, and do at its end what is due.

        A scheduled run of monitoring goes on while the next piece is sent, as it would beside
        users; its end is waited for before the piece after that. What an alert calls for at once is
        waited for.
        """
        self._platform.deploy_due(until)
        self.history.pieces.append(self._send(since, until))
        self._production.now = until
        self.settle()  # first: a run must not see what was not there when it began
        self._deploy_challenger()
        step(self._production.world, until)
        self._note_releases()
        self._tidy()
        self._warehouse.advance(self._known, until)
        self._known = until
        alerted = self._alerted(until)
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
            if happening := of_journal(entry):
                self.history.happenings.append(happening)
        self._journalled = len(entries)

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown()
        self._warm.close()

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
        broken = self._platform.broken_within(since, until)
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
        decisions = self._folder / f"{since:%Y-%m-%dT%H}.parquet"
        self._twin.decide(file, decisions)  # while the log is sealed
        self._production.log.await_rows(days, self._expected)
        decided, by_model = self._scores.of(since, until, decisions, broken)
        return Piece(
            since, until, sent.requests, sent.errors, by_model,
            record.current.name if under_way and record is not None else "", decided,
        )  # fmt: skip

    def _watch(self, now: datetime, called_by: str) -> Judged:
        return watch_once(
            self._project, self._workspace, self._variables, now,
            log=str(self._production.log_store), sink=self._platform.sink, called_by=called_by,
            warm=self._warm,
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
            if happening := of_release(entry):
                self.history.happenings.append(happening)
        self._released = len(entries)

    def _alerted(self, until: datetime) -> bool:
        """Whether the sidecar says of the champion what cannot wait for the end of the week."""
        self._production.await_judged((until - timedelta(hours=1)).replace(hour=0, minute=0))
        fresh = list(self._alerts.fresh(self._champion(), until))
        self.history.happenings += [happening for happening, _ in fresh]
        return any(is_urgent for _, is_urgent in fresh)

    def _champion(self) -> str:
        slot = self._production.world.target.observe().champion.backend.name
        return next(one.digest for one in self._production.served if one.digest[:12] == slot)
