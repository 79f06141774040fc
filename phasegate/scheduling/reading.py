"""Read a file of schedules: every schedule in full, or a message with its line."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from phasegate.clock import now as clock
from phasegate.errors import BadInput
from phasegate.kubeflow.arguments import check_arguments
from phasegate.kubeflow.compiled import Compiled
from phasegate.scheduling.cron import Cron, parse
from phasegate.scheduling.declaration import Schedule
from phasegate.scheduling.document import load_document
from phasegate.scheduling.sources import SHIPPED, OfProject, compiled_pipeline, of_project


@dataclass(frozen=True, slots=True)
class Declaration:
    """A file of schedules.

    Attributes:
        path: the file.
        owner: name of the set.
        schedules: in the file's order.
    """

    path: Path
    owner: str
    schedules: tuple[Schedule, ...]


def load_schedules(path: Path, now: datetime | None = None) -> Declaration:
    """Read and check a file of schedules.

    Args:
        path: the file.
        now: from when on there have to be runs; the clock's time unless it is given.

    Raises:
        BadInput: naming the file, the line, the key and what is allowed there.
    """
    document = load_document(path)
    reader = _Reader(path, document, now or clock())
    schedules = tuple(reader.schedule(name) for name in document["schedules"])
    for name in document.get("parameters", {}):
        if schedules and not any(name in one.compiled.parameters for one in schedules):
            raise BadInput(
                f"no pipeline here has a parameter '{name}'", where=reader.place("parameters", name)
            )
    return Declaration(path, document["name"], schedules)


class _Reader:
    def __init__(self, path: Path, document: Any, now: datetime) -> None:
        self._path, self._document, self._now = path, document, now

    def place(self, *keys: str) -> str:
        """``schedules.yaml, line 12``: the line of the deepest key that is there."""
        line, node = 0, self._document
        for key in keys:
            if key not in node:
                break
            line, node = node.lc.key(key)[0] + 1, node[key]
        return f"{self._path}, line {line}" if line else str(self._path)

    def schedule(self, name: str) -> Schedule:
        """A schedule in full.

        Raises:
            BadInput: with its line.
        """
        value = self._document["schedules"][name]
        at = ("schedules", name)
        compiled = self._compiled(value["pipeline"], at)
        version = value.get("version", "pinned")
        project = self._project(value, compiled, at)
        parameters = self._parameters(value, compiled, project, at)
        made = Schedule(
            owner=self._document["name"],
            name=name,
            compiled=compiled,
            prefix=self._document.get("prefix", ""),
            version=compiled.digest if version == "pinned" else version,
            cron=self._cron(value["cron"], at),
            zone=self._zone(value, at),
            backend_zone=self._backend_zone(),
            catch_up=value.get("catch_up", False),
            max_concurrency=value.get("max_concurrency", 1),
            parameters=parameters,
            experiment=self._either(value, "experiment", self._document["name"]),
            enabled=value.get("enabled", True),
            respect_pause=self._either(value, "respect_pause", False),
            service_account=self._either(value, "service_account", project.service_account),
            line=self._document["schedules"].lc.key(name)[0] + 1,
            local=tuple(one for one in project.local if one not in self._given(value, compiled)),
        )  # fmt: skip
        self._check_times(made, at)
        return made

    def _either(self, value: Mapping[str, Any], key: str, default: Any) -> Any:
        return value.get(key, self._document.get(key, default))

    def _compiled(self, text: str, at: tuple[str, ...]) -> Compiled:
        shipped = self._document.get("compiled")
        folder = self._path.parent
        try:
            return compiled_pipeline(text, folder, folder / shipped if shipped else None)
        except BadInput as error:
            raise BadInput(
                f"{error.what} ({error.where})",
                where=self.place(*at, "pipeline"),
                expected=f"one of {', '.join(SHIPPED)}, or the file of a compiled pipeline",
                fix=error.fix,
            ) from None

    def _cron(self, text: str, at: tuple[str, ...]) -> Cron:
        where = self.place(*at, "cron")
        try:
            cron = parse(text)
        except ValueError as error:
            raise BadInput(f"cron '{text}': {error}", where=where) from None
        if len(cron.second.values) == 60:
            raise BadInput(
                f"cron '{text}' starts a run in every second of each minute that it names",
                where=where,
                fix="the first field is the second: write 0 there",
            )
        return cron

    def _zone(self, value: Mapping[str, Any], at: tuple[str, ...]) -> ZoneInfo:
        keys = (*at, "zone") if "zone" in value else ("zone",)
        return self._named_zone(self._either(value, "zone", "UTC"), *keys)

    def _backend_zone(self) -> ZoneInfo:
        return self._named_zone(self._document.get("backend_zone", "UTC"), "backend_zone")

    def _named_zone(self, name: str, *keys: str) -> ZoneInfo:
        if name not in _zones():
            close = difflib.get_close_matches(name, _zones(), n=1)
            raise BadInput(
                f"there is no time zone '{name}'",
                where=self.place(*keys),
                expected="an IANA name such as Europe/Berlin",
                fix=f"did you mean '{close[0]}'?" if close else None,
            )
        return ZoneInfo(name)

    def _check_times(self, made: Schedule, at: tuple[str, ...]) -> None:
        where = self.place(*at, "cron")
        if made.cron.after(self._now, made.zone) is None:
            raise BadInput(f"cron '{made.cron.text}' has no run within five years", where=where)
        try:
            made.on_backend(self._now)
        except ValueError as error:
            raise BadInput(
                f"cron '{made.cron.text}' of {made.zone.key} cannot be written for a backend in"
                f" {made.backend_zone.key}: {error}",
                where=where,
                fix="choose another time, or set zone to the backend's own",
            ) from None

    def _given(self, value: Mapping[str, Any], compiled: Compiled) -> dict[str, Any]:
        """Parameters that the file itself gives to a schedule."""
        shared = self._document.get("parameters", {})
        known = {name: one for name, one in shared.items() if name in compiled.parameters}
        return {**known, **value.get("parameters", {})}

    def _project(
        self, value: Mapping[str, Any], compiled: Compiled, at: tuple[str, ...]
    ) -> OfProject:
        name = self._either(value, "project", "")
        if not name:
            return OfProject({}, (), "")
        store = str(self._given(value, compiled).get("store", ""))
        try:
            return of_project(self._path.parent / name, compiled.path, store)
        except BadInput as error:
            if error.where:
                raise  # it is the project file that is wrong
            where = self.place(*at, "pipeline")
            raise BadInput(error.what, where=where, fix=error.fix) from None

    def _parameters(
        self, value: Mapping[str, Any], compiled: Compiled, project: OfProject, at: tuple[str, ...]
    ) -> dict[str, Any]:
        for name in value.get("parameters", {}):
            if name not in compiled.parameters:
                close = difflib.get_close_matches(name, compiled.parameters, n=1)
                raise BadInput(
                    f"pipeline {compiled.name} has no parameter '{name}'",
                    where=self.place(*at, "parameters", name),
                    expected=f"one of {', '.join(sorted(compiled.parameters))}",
                    fix=f"did you mean '{close[0]}'?" if close else None,
                )
        try:
            given = {**project.parameters, **self._given(value, compiled)}
            return dict(check_arguments(compiled, given))
        except BadInput as error:
            raise BadInput(
                f"schedule '{at[-1]}' of pipeline {compiled.name}: {error.what}",
                where=self.place(*at, "parameters"),
                fix="set it under parameters"
                + ("" if project.parameters else ", or name a project file"),
            ) from None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
