"""Where commands on releases work: what is served on this machine, or a target by its address."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from phasegate.errors import BadInput

if TYPE_CHECKING:
    from phasegate.release.drivers.world import Switch, World
    from phasegate.release.policy import Policy
    from phasegate.release.store import Releases
    from phasegate.traffic.target import TrafficTarget


@dataclass(frozen=True)
class Place:
    """What a command was told about where things are.

    Attributes:
        workspace: folder of what is served here.
        target: address of traffic; empty means what is served here.
        store: of releases; empty means the workspace's.
        flags: file or provider of the kill switch; empty means the workspace's.
    """

    workspace: Path
    target: str = ""
    store: str = ""
    flags: str = ""

    @contextmanager
    def world(
        self,
        name: str,
        *,
        actor: str,
        log: str = "",
        policy: Policy | None = None,
        retry_seconds: float | None = None,
    ) -> Iterator[World]:
        """The world of a model's releases.

        Args:
            name: of the model; may be left out where only one is served, or the target names it.
            actor: who acts, as the audit log will say.
            log: store of the prediction log.
            policy: the rules as they are now.
            retry_seconds: how long each call tries what does not answer.

        Raises:
            BadInput: no such model is served, or an address is wrong.
        """
        if not self.target:
            from phasegate.local.releasing import local_world

            with local_world(
                self.workspace, name, actor=actor, store=self.store, flags=self.flags, log=log,
                policy=policy, retry_seconds=retry_seconds,
            ) as world:  # fmt: skip
                yield world
            return
        from phasegate.release.drivers.addressed import addressed_world

        with tempfile.TemporaryDirectory(prefix="phasegate-") as scratch:
            yield addressed_world(
                self._named(name), store=self._stored, target=self.target, flags=self.flags,
                log=log, scratch=Path(scratch), actor=actor, where="phasegate release",
                policy=policy, retry_seconds=retry_seconds,
            )  # fmt: skip

    def released(self, name: str, *, or_served: bool = False) -> tuple[Releases, str]:
        """The store of releases, and the model that is meant: the only one where none is named.

        Args:
            or_served: whether a model that has no release yet may be meant.

        Raises:
            BadInput: none or several could be meant.
        """
        if self.target:
            from phasegate.release.store import open_releases

            return open_releases(self._stored), self._named(name)
        from phasegate.local.releasing import release_store

        releases = release_store(self.workspace, self.store)
        if name:
            return releases, name
        models = releases.models()
        if len(models) == 1:
            return releases, models[0]
        if not models and or_served:
            return releases, self.model("")
        raise BadInput(
            "several models have releases" if models else "no releases are kept here",
            where=releases.uri,
            expected=f"the name of one: {', '.join(models)}" if models else None,
            fix=None if models else "start one: phasegate release start --project PROJECT.yaml",
        )

    def model(self, name: str) -> str:
        """The model that is meant: the one that is served, else the only one with releases."""
        if self.target:
            return self._named(name)
        if name:
            return name
        from phasegate.local.serving.running import SERVING, find_running

        try:
            return find_running(self.workspace / SERVING).name
        except BadInput:
            return self.released("")[1]

    def traffic(self, model: str) -> TrafficTarget | None:
        """Where the model's traffic is; None where it is not served here."""
        if self.target:
            from phasegate.traffic.addresses import open_target

            return open_target(self.target, where="--target")
        from phasegate.local.releasing import ServedTarget
        from phasegate.local.serving.running import SERVING

        served = ServedTarget(self.workspace / SERVING, model)
        try:
            return served if served.running else None
        except BadInput:
            return None

    @property
    def switch(self) -> Switch:
        """The kill switch."""
        from phasegate.release.kill_switch import kill_switch

        if self.target and not self.flags:
            from phasegate.release.drivers.addressed import NoSwitch

            return NoSwitch()
        from phasegate.local.releasing import switch_at

        return kill_switch(switch_at(self.workspace, self.flags))

    @property
    def flag_file(self) -> Path | None:
        """The file of the kill switch; None where a target is named and no file.

        Raises:
            BadInput: the switch is not in a file.
        """
        from phasegate.local.releasing import switch_at
        from phasegate.release.kill_switch import is_provider

        if self.target and not self.flags:
            return None
        if is_provider(self.flags):
            raise BadInput(
                "the flag is switched where its provider keeps it",
                where=self.flags,
                fix="phasegate traffic kill works at once, whatever the provider",
            )
        return Path(switch_at(self.workspace, self.flags))

    def _named(self, name: str) -> str:
        """The model that is named, or that the target is of."""
        from phasegate.traffic.addresses import parse_address

        found = parse_address(self.target, where="--target").name
        if not (name or found):
            raise BadInput(
                "no model is named", where=f"--target {self.target}", fix="name it: NAME"
            )
        return name or found

    @property
    def _stored(self) -> str:
        if not self.store:
            raise BadInput(
                "no store of releases is named",
                where=f"--target {self.target}",
                fix="name it: --store gs://BUCKET/PREFIX, or PHASEGATE_STORE",
            )
        return self.store
