"""What is to be trained: the sections of a project file that a model depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from phasegate.features.definitions import FeatureDefinitions

SECTIONS = ("data", "features", "split", "training", "evaluation")


@dataclass(frozen=True, eq=False)
class Plan:
    """What a project says about training; sections as they are in the project file.

    Attributes:
        value: worth of each kind of decision, for a threshold that maximizes it.
    """

    name: str
    data: Mapping[str, Any]
    features: Mapping[str, Any]
    split: Mapping[str, Any]
    training: Mapping[str, Any]
    value: Mapping[str, float]

    @cached_property
    def definitions(self) -> FeatureDefinitions:
        """The feature definitions; raises BadInput where they make no sense."""
        return FeatureDefinitions.parse(self.features, self.data)

    @property
    def workers(self) -> int:
        """Processes that train together. Absent is one: so a plan says what it said before."""
        return self.training.get("workers", 1)

    @property
    def sections(self) -> dict[str, Any]:
        """The sections by name, as `of_sections` takes them."""
        return {
            "data": dict(self.data),
            "features": dict(self.features),
            "split": dict(self.split),
            "training": dict(self.training),
            "evaluation": {"value": dict(self.value)},
        }

    @staticmethod
    def shared_sections(sections: Mapping[str, Any]) -> dict[str, Any]:
        """Of a project's sections, those that training depends on; of evaluation, the value."""
        shared = {name: value for name, value in sections.items() if name in SECTIONS}
        if "evaluation" in shared:
            shared["evaluation"] = {"value": shared["evaluation"].get("value", {})}
        return shared

    @classmethod
    def of_sections(cls, name: str, sections: Mapping[str, Any]) -> Plan:
        """The part of a project's sections that training depends on."""
        return cls(
            name=name,
            data=sections["data"],
            features=sections["features"],
            split=sections["split"],
            training=sections["training"],
            value=sections["evaluation"].get("value", {}),
        )
