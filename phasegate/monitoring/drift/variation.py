"""How much windows of one length differ from each other while nothing drifts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from scipy.special import chdtri

MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Spread:
    """Of one column.

    Attributes:
        shape: variance between windows of the distance, in units of one row's.
        stability: of the stability index.
        absence: of the share of missing values.
        unseen: largest share of values in a window that the rest of the reference does not have.
        invalid: largest share of infinite values.
        natural: share of all values that the rest of the reference does not have.
        constant: share of windows that have one value only.
        empty: share of windows without any value.
    """

    shape: float = 0.0
    stability: float = 0.0
    absence: float = 0.0
    unseen: float = 0.0
    invalid: float = 0.0
    natural: float = 0.0
    constant: float = 0.0
    empty: float = 0.0


@dataclass(frozen=True, slots=True)
class Variation:
    """Of windows of one length.

    Attributes:
        length: event time of a window.
        windows: that were looked at; they overlap.
        independent: windows that fit side by side into the reference.
        threshold: minus the logarithm of a p-value; the smallest of a drift-free window's p-values,
            over all columns and channels, is beyond it as often as the budget allows.
        extrapolated: whether that is further than the windows reach.
        rows: usual number in a window.
        rate: variance between windows of its logarithm, in units of one row's.
        positive: of the share decided 1.
        scores: of the predictions.
        features: by name.
        literal, calibrated: false alarms of the rules in 30 days; those of the calibrated one in
            windows that had no part in its bounds.
        channels: false alarms of all channels but the distributions of features, as well so.
    """

    length: timedelta
    windows: int
    independent: float
    threshold: float
    extrapolated: bool
    rows: float
    rate: float
    positive: float
    scores: Spread
    features: Mapping[str, Spread]
    literal: float
    calibrated: float
    channels: float

    def most(self, rate: float) -> float:
        """Upper 95 % bound of a number of false alarms in 30 days, of as many seen (Garwood 1936).

        Args:
            rate: seen in these windows, in 30 days.
        """
        months = self.windows * (self.length / MONTH)
        return float(chdtri(2 * round(rate * months) + 2, 0.05)) / 2 / months
