"""From a booster's raw score to a probability, as plain arithmetic that a model file can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from phasegate.errors import BadInput

KINDS = ("none", "sigmoid", "isotonic")


@dataclass(frozen=True)
class Calibration:
    """A non-decreasing map from raw probability to calibrated probability.

    ``none``: the identity. ``sigmoid``: Platt scaling, ``1 / (1 + exp(-(slope * z + intercept)))``
    of the log-odds ``z``. ``isotonic``: linear between knots ``x`` -> ``y``, constant outside.
    """

    kind: str = "none"
    slope: float = 1.0
    intercept: float = 0.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()

    def apply(self, raw: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, float64 [rows], of raw probabilities [rows]."""
        raw = np.asarray(raw, dtype=np.float64)
        if self.kind == "sigmoid":
            return 1.0 / (1.0 + np.exp(-(self.slope * log_odds(raw) + self.intercept)))
        if self.kind == "isotonic":
            return np.interp(raw, self.x, self.y)
        return raw

    def to_json(self) -> dict[str, Any]:
        """The fields that this kind uses."""
        if self.kind == "sigmoid":
            return {"kind": self.kind, "slope": self.slope, "intercept": self.intercept}
        if self.kind == "isotonic":
            return {"kind": self.kind, "x": list(self.x), "y": list(self.y)}
        return {"kind": self.kind}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Calibration:
        """Read what `to_json` wrote.

        Raises:
            BadInput: on an unknown kind.
        """
        kind = value.get("kind")
        if kind not in KINDS:
            raise BadInput(
                f"unknown calibration '{kind}'", where="model.json", expected=", ".join(KINDS)
            )
        if kind == "isotonic":
            return cls(kind, x=tuple(value["x"]), y=tuple(value["y"]))
        if kind == "sigmoid":
            return cls(kind, slope=value["slope"], intercept=value["intercept"])
        return cls(kind)


def log_odds(probability: np.ndarray) -> np.ndarray:
    """``log(p / (1 - p))``, float64 [rows], finite also at p = 0 and p = 1."""
    clipped = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.log(clipped) - np.log1p(-clipped)
