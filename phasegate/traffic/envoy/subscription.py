"""A file of resources that Envoy follows: published, and awaited until it is in force."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from phasegate.errors import BadInput
from phasegate.traffic.envoy.admin import Admin
from phasegate.traffic.envoy.folder import write_json
from phasegate.traffic.envoy.waiting import awaited
from phasegate.traffic.envoy.xds import Resource, discovery_response

_IN_FORCE_SECONDS = 15
# Envoy's log has the reason behind these words or, when it is a broken constraint, on a line of
# its own after a copy of the whole message.
_REASON = re.compile(r"^(?:.* config update rejected: |: )(?!goo\.gle)(.+)$", re.MULTILINE)


class Refused(BadInput):
    """Envoy did not accept its configuration, and keeps what it had."""


class Subscription:
    """One file of resources.

    Args:
        file: the file.
        log: Envoy's log, where it says why it refuses one.
        admin: Envoy's admin interface.
        prefix: of Envoy's counters about this subscription.
    """

    def __init__(self, file: Path, log: Path, admin: Admin, prefix: str) -> None:
        self._file, self._log, self._admin = file, log, admin
        self._version, self._rejections = f"{prefix}.version_text", f"{prefix}.update_rejected"

    def resources(self) -> list[Resource]:
        """What the file holds now."""
        try:
            return json.loads(self._file.read_bytes())["resources"]
        except FileNotFoundError:
            return []

    def publish(self, resources: Sequence[Resource]) -> None:
        """Make these the resources; returns once Envoy uses them.

        Raises:
            Refused: when Envoy does not accept them, in its own words; the file is as it was.
            Unavailable: when Envoy does not answer, or does not take note in time.
        """
        document = discovery_response(resources)
        version, rejections = self._seen()
        if version == document["version_info"] and self.resources() == document["resources"]:
            return
        previous = self._file.read_bytes() if self._file.exists() else None
        said = self._log.stat().st_size
        write_json(self._file, document)

        def answered() -> bool:
            version, now = self._seen()
            return version == document["version_info"] or now > rejections

        awaited(answered, _IN_FORCE_SECONDS, f"Envoy does not read {self._file.name}")
        if self._seen()[0] != document["version_info"]:
            # A rejected file would leave Envoy without configuration when it restarts.
            if previous is not None:
                write_json(self._file, json.loads(previous))
            raise Refused(self._reason(said), where=f"Envoy, {self._file.name}")

    def _seen(self) -> tuple[str | None, int]:
        """Version in force, and how many files were refused."""
        names = f"^({self._version}|{self._rejections})$"
        statistics = self._admin.statistics(names)
        version = statistics.get(self._version)
        return version and version.strip('"'), int(statistics.get(self._rejections, 0))

    def _reason(self, start: int) -> str:
        with self._log.open("rb") as log:
            log.seek(start)
            said = _REASON.search(log.read().decode("utf-8", "replace"))
        return f"refused ({said[1].strip() if said else 'no reason given'})"
