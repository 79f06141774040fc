"""What the project file says about the data, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

from phasegate.errors import BadInput


@dataclass(frozen=True)
class Roles:
    """The part that each column plays: section `data` of the project file."""

    label: str
    positive: str | int | float | bool
    time: str | None = None
    key: str | None = None
    entity: str | None = None
    protected: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @classmethod
    def from_section(cls, section: dict[str, Any]) -> Self:
        """Read the section.

        Raises:
            BadInput: when it names no label column.
        """
        label = section.get("label") or {}
        if "column" not in label:
            raise BadInput("no label column is named", where="data.label", expected="column: NAME")
        return cls(
            label=label["column"],
            positive=label.get("positive", 1),
            time=section.get("time"),
            key=section.get("key"),
            entity=section.get("entity"),
            protected=tuple(section.get("protected") or ()),
            exclude=tuple(section.get("exclude") or ()),
        )

    def of(self, column: str) -> str:
        """Name of a column's part; '' for a column that may become a feature."""
        named = {self.label: "label", self.time: "time", self.key: "key", self.entity: "entity"}
        if column in named:
            return named[column]
        if column in self.protected:
            return "protected"
        return "excluded" if column in self.exclude else ""

    @property
    def required(self) -> dict[str, str]:
        """Columns that must exist, and the key of the project file that names each."""
        named = {
            self.label: "data.label.column",
            self.time: "data.time",
            self.key: "data.key",
            self.entity: "data.entity",
            **dict.fromkeys(self.protected, "data.protected"),
        }
        return {column: where for column, where in named.items() if column is not None}


Comparison = Literal["drift", "skew"]
"""What a snapshot is compared with: an earlier one, or what was served."""


@dataclass(frozen=True)
class Policy:
    """What data are good enough: section `validation` of the project file.

    Attributes:
        schema: path of a curated TFDV schema (pbtxt); None infers one.
        reference: digest of an earlier snapshot, to compare distributions with: drift.
        serving: digest of a snapshot of what was served, to compare with: skew.
        categorical: largest L-infinity distance.
        numeric: largest Jensen-Shannon divergence, in bits.
        runner: name of the Beam runner that counts.
        beam_options: options of that runner, such as `--region=europe-west4`.
        allow: anomalies that are accepted, as `column: KIND`; `*` stands for any column.
    """

    schema: str | None = None
    reference: str | None = None
    serving: str | None = None
    categorical: float = 0.05
    numeric: float = 0.1
    runner: str = "DirectRunner"
    beam_options: tuple[str, ...] = ()
    allow: frozenset[str] = frozenset()

    @classmethod
    def from_section(cls, section: dict[str, Any]) -> Self:
        """Read the section; what it leaves out has its default."""
        drift = section.get("drift") or {}
        return cls(
            schema=section.get("schema"),
            reference=section.get("reference"),
            serving=section.get("serving"),
            categorical=float(drift.get("categorical", cls.categorical)),
            numeric=float(drift.get("numeric", cls.numeric)),
            runner=section.get("runner") or cls.runner,
            beam_options=tuple(section.get("beam_options") or ()),
            allow=frozenset(section.get("allow") or ()),
        )

    @property
    def comparisons(self) -> dict[Comparison, str]:
        """Digest of each snapshot to compare with."""
        wanted: dict[Comparison, str | None] = {"drift": self.reference, "skew": self.serving}
        return {kind: digest for kind, digest in wanted.items() if digest is not None}
