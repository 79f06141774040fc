"""What detectors found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from phasegate.values import from_json, to_json

Library = Literal["alibi-detect", "scipy"]


@dataclass(frozen=True, slots=True)
class Test:
    """A test of two samples.

    Attributes:
        feature: that was compared; empty for all of them together.
        method: by its name in the field.
        statistic: KS distance, chi-square, or that of the joint test; NaN where there is none.
        p_value: NaN where there is none.
        rows, reference_rows: values on either side, without missing ones.
    """

    feature: str
    method: str
    statistic: float
    p_value: float
    rows: int
    reference_rows: int


@dataclass(frozen=True, slots=True)
class Findings:
    """All tests of a window.

    Attributes:
        library: whose they are.
        tests: of each feature that has enough values in the reference, then the joint one.
        problem: why there are none; empty when there are.
    """

    library: Library
    tests: tuple[Test, ...]
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `from_json` reads them."""
        return to_json(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str = "findings") -> Findings:
        """The findings of JSON values.

        Raises:
            BadInput: they are none.
        """
        return from_json(cls, value, where)
