"""What traffic should be like: who answers, who gets copies, and who always meets the same model.

Shares are whole basis points, 0 to 10,000: no rounding stands between a plan and its proxy.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from phasegate.errors import BadInput
from phasegate.traffic.headers import ENTITY

SCHEMA = "phasegate.traffic/1"
WHOLE = 10_000  # basis points

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_HEADER = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
# The last label of a name does not begin with a digit: 1.2.3 is a broken IP address, not a name.
_HOST = re.compile(
    r"(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*"
    r"[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_SALT = re.compile(r"[A-Za-z0-9._/:@-]{0,128}")


@dataclass(frozen=True, slots=True)
class Backend:
    """A model server.

    Attributes:
        name: the operator's name for it, such as a model version.
        address: ``HOST:PORT`` of its HTTP interface, where the host is a name or an IP address; not
            every target can reach a server by its name.
        model: name that it serves its model under.
    """

    name: str
    address: str
    model: str

    def __post_init__(self) -> None:
        _matches(_NAME, self.name, "a backend's name", "letters, digits, '.', '_' and '-'")
        _matches(_NAME, self.model, f"the model of {self.name}", "letters, digits, '.', '_', '-'")
        host, _, port = self.address.rpartition(":")
        if not (_is_ip(host) or _HOST.fullmatch(host)) or not _is_port(port):
            raise BadInput(
                f"'{self.address}' is not an address", where=self.name, expected="HOST:PORT"
            )

    @property
    def host(self) -> str:
        """The address without its port."""
        return self.address.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port of the address."""
        return int(self.address.rpartition(":")[2])

    @property
    def has_ip(self) -> bool:
        """Whether the host is an IP address, so that no name has to be looked up."""
        return _is_ip(self.host)


@dataclass(frozen=True, slots=True)
class Stickiness:
    """Which requests belong together.

    Attributes:
        header: requests with the same value of it meet the same backend; those without it are
            drawn by their request id.
        salt: another salt draws other cohorts, so that no entity is always among the first to
            meet a new model.
    """

    header: str = ENTITY
    salt: str = ""

    def __post_init__(self) -> None:
        _matches(_HEADER, self.header, "the stickiness header", "a header name in lower case")
        _matches(_SALT, self.salt, "the salt", "at most 128 letters, digits and any of ._/:@-")


@dataclass(frozen=True, slots=True)
class TrafficPlan:
    """Who answers which requests.

    Attributes:
        champion: answers what nobody else does.
        challenger: answers its share, and gets copies; the champion steps in when it fails.
        weight: share of the requests that the challenger answers, in basis points. Entities
            that have met the challenger still do after the weight grows.
        mirror: share of the champion's requests of which the challenger gets a copy, whose
            answer nobody waits for, in basis points.
        stickiness: which requests belong together.
        killed: the champion answers everything and nothing is copied, whatever the shares say.
        challenger_seconds: how long the challenger may take before the champion is asked.
    """

    champion: Backend
    challenger: Backend | None = None
    weight: int = 0
    mirror: int = 0
    stickiness: Stickiness = field(default_factory=Stickiness)
    killed: bool = False
    challenger_seconds: float = 1.0

    def __post_init__(self) -> None:
        for name in ("weight", "mirror"):
            share = getattr(self, name)
            if type(share) is not int or not 0 <= share <= WHOLE:
                raise BadInput(f"{name} is {share!r}", expected=f"an integer from 0 to {WHOLE:,}")
            if share and self.challenger is None:
                raise BadInput(f"{name} is {share} and there is no challenger", fix="Name one")
        if not 0.001 <= self.challenger_seconds <= 60:
            raise BadInput(
                f"the challenger may take {self.challenger_seconds} seconds",
                expected="0.001 to 60 seconds",
            )
        if self.challenger is not None:
            _compatible(self.champion, self.challenger)

    def with_weight(self, weight: int) -> TrafficPlan:
        """The same plan with another share for the challenger, in basis points."""
        return replace(self, weight=weight)

    def with_mirror(self, mirror: int) -> TrafficPlan:
        """The same plan with another share of copies, in basis points."""
        return replace(self, mirror=mirror)

    def kill(self) -> TrafficPlan:
        """The same plan with the kill switch pulled."""
        return replace(self, killed=True)

    def revive(self) -> TrafficPlan:
        """The same plan with the kill switch released."""
        return replace(self, killed=False)

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON values; `from_json` reads it."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_json(cls, value: Any, where: str = "traffic plan") -> TrafficPlan:
        """The plan of JSON values.

        Raises:
            BadInput: when they are not a plan of this schema.
        """
        if not isinstance(value, Mapping) or value.get("schema") != SCHEMA:
            raise BadInput("this is no traffic plan", where=where, expected=f"schema '{SCHEMA}'")
        fields = {name: item for name, item in value.items() if name != "schema"}
        try:
            challenger = fields.pop("challenger", None)
            return cls(
                champion=Backend(**fields.pop("champion")),
                challenger=None if challenger is None else Backend(**challenger),
                stickiness=Stickiness(**fields.pop("stickiness")),
                **fields,
            )
        except (TypeError, KeyError, AttributeError) as error:
            raise BadInput(f"this is no traffic plan ({error})", where=where) from None


def effective(plan: TrafficPlan) -> TrafficPlan:
    """What the plan comes to once its kill switch is heeded."""
    return replace(plan, weight=0, mirror=0) if plan.killed else plan


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 1 << 16


def _compatible(champion: Backend, challenger: Backend) -> None:
    if champion.name == challenger.name:
        raise BadInput(f"champion and challenger are both named '{champion.name}'")
    if champion.model != challenger.model:
        raise BadInput(
            f"the challenger serves '{challenger.model}' and the champion '{champion.model}'",
            where=challenger.name,
            expected="one model name, because the same requests go to both",
        )


def _matches(pattern: re.Pattern[str], text: Any, what: str, expected: str) -> None:
    if not isinstance(text, str) or not pattern.fullmatch(text):
        raise BadInput(f"{what} is {text!r}", expected=expected)
