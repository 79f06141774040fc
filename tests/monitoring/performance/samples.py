"""Profiles of scores and labels, and worlds whose calibration is known."""

from __future__ import annotations

import numpy as np

from phasegate.monitoring.performance.tally import ScoreSums
from phasegate.monitoring.profile import NumericReference, Profile, Reliability

DIGEST = "a" * 64


def profile_of(
    scores: np.ndarray, labels: np.ndarray, threshold: float = 0.5, *, told: bool = True
) -> Profile:
    """A profile that knows nothing but scores and labels; `told`: scores of the decided, too."""
    cuts = np.quantile(scores, np.arange(1, 128) / 128) if len(scores) else np.zeros(0)
    edges = np.unique(cuts)
    place, size = np.searchsorted(edges, scores), len(edges) + 1
    rows = np.bincount(place, minlength=size).tolist()
    decided = scores >= threshold
    return Profile(
        name="fraud",
        model_digest=DIGEST,
        features_digest="f" * 64,
        threshold=threshold,
        rows=len(scores),
        positive=int(decided.sum()),
        since=None,
        until=None,
        numeric=(),
        categorical=(),
        scores=NumericReference("score", tuple(edges.tolist()), tuple(rows), 0, 0, 0.0, 1.0),
        reliability=Reliability(
            tuple(rows),
            tuple(np.bincount(place[labels == 1], minlength=size).tolist()),
            tuple(np.bincount(place, scores, size).tolist()),
            int(decided.sum()),
            int((decided & (labels == 1)).sum()),
            int((~decided & (labels == 1)).sum()),
            float(scores[decided].sum()) if told else None,
        ),
    )


def sums_of(profile: Profile, scores: np.ndarray) -> ScoreSums:
    """A window's answers on the profile's bins."""
    return ScoreSums.of(np.array(profile.scores.edges), scores, scores >= profile.threshold)


def true_value(scores: np.ndarray, labels: np.ndarray, metric: str, threshold: float = 0.5):
    """A metric by its definition; NaN where nothing is to be divided by."""
    decided, positive = scores >= threshold, labels == 1
    part, whole = {
        "precision": (decided & positive, decided),
        "recall": (decided & positive, positive),
        "accuracy": (decided == positive, np.ones(len(scores), bool)),
    }[metric]
    return part.sum() / whole.sum() if whole.any() else np.nan
