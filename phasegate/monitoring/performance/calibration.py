"""How often rows of a score have the label 1, and how sure that is: from held-out labelled rows.

A group is the rows of one bin of the profile's scores with one decision. In each, reference rows n,
positives k and mean score m are known. Its rate has the posterior Beta(m + k, 1 - m + n - k): a
prior of one row that believes the score, and what was counted. A window's rows of the group may lie
elsewhere in it: with mean score m' their rate is

    logit p' = logit p + logit m' - logit m,

the correction of the score by a shift of its logit, group by group. Where scores are calibrated
(p = m) it gives p' = m', however scores moved; where they are not, what the reference showed.

Groups with few rows are pooled with their neighbours first: histogram binning with bins of equal
frequency (Zadrozny & Elkan 2001, "Obtaining calibrated probability estimates from decision trees
and naive Bayesian classifiers"), whose error is that of the rows in a bin, less one (Gupta & Ramdas
2021, "Distribution-free calibration guarantees for histogram binning without sample splitting").
The prior's row is a row too many in each group, and the variance k (n - k) / n^2 is on average
(n - 1) / n of the true one: together the posteriors claim about (n - 1) / (n + 1) of the variance
there is, in all groups alike, so that it does not cancel in the sums which metrics are made of. Of
8 rows a group that makes intervals 12 % too narrow, of `LEAST_ROWS` 1.6 %; and of a lack of
calibration the prior hides 1 / (n + 1). Which groups are pooled depends on rows alone: labels would
choose the groups that suit them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from phasegate.monitoring.profile import Profile

DRAWS = 4000
LEAST_ROWS = 64
_LEAST = 1e-9  # scores nearer to 0 or 1 have no finite logit


@dataclass(frozen=True, eq=False, slots=True)
class LabelledGroups:
    """Reference rows with labels, by score bin and decision.

    Attributes:
        rows, positive: float64 [edges + 1, 2]; column 1 holds those decided 1.
        score: mean score, of the same shape; NaN where there are no rows.
    """

    rows: np.ndarray
    positive: np.ndarray
    score: np.ndarray


def labelled_groups(profile: Profile) -> LabelledGroups | None:
    """The profile's labelled rows; None when it has none, or their sums contradict each other.

    Bins above the threshold are decided 1 and those below it 0. Of the bin that the threshold cuts,
    rows and positives of either side follow from the totals; so does the score, if the profile
    says it, or it is taken to be calibrated there.
    """
    known = profile.reliability
    rows, positive, score = (
        np.array(one, float) for one in (known.rows, known.positive, known.score)
    )
    size = len(profile.scores.edges) + 1
    if not (len(rows) == len(positive) == len(score) == size) or not rows.sum():
        return None
    # A row decides 1 at the threshold itself: bin i holds scores up to edge i.
    cut = int(np.searchsorted(profile.scores.edges, profile.threshold))
    above = np.arange(size) > cut
    split = np.zeros((3, size, 2))
    for part, total in zip(split, (rows, positive, score), strict=True):
        part[above, 1], part[~above, 0] = total[above], total[~above]
    decided = known.decided - split[0, :, 1].sum()
    hits = known.hits - split[1, :, 1].sum()
    told = known.decided_score
    sums = hits if told is None else told - split[2, :, 1].sum()
    moved = np.array([decided, hits, sums])
    split[:, cut, 1], split[:, cut, 0] = moved, split[:, cut, 0] - moved
    split[2] = np.clip(split[2], 0, split[0])
    if (split[:2] < 0).any() or (split[1] > split[0]).any():
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        return LabelledGroups(split[0], split[1], split[2] / split[0])


def pools(rows: np.ndarray, least: int = LEAST_ROWS) -> np.ndarray:
    """Which groups are taken together: adjacent ones of one decision, until they have enough rows.

    Args:
        rows: labelled ones, [bins, 2].
        least: rows of a pool; a decision with fewer is one pool.

    Returns:
        The number of each group's pool, int64 [bins, 2]; a pool has groups of one decision only.
    """
    found = np.empty(rows.shape, np.int64)
    pool = 0
    for decision in range(rows.shape[1]):
        first, start, held = pool, 0, 0.0
        for place, more in enumerate(rows[:, decision]):
            found[place, decision] = pool
            held += more
            if held >= least:
                pool, start, held = pool + 1, place + 1, 0.0
        if pool > first:
            found[start:, decision] = pool - 1  # what is left over is too little for a pool
        else:
            pool += 1
    return found


def rates(
    groups: LabelledGroups, score: np.ndarray, generator: np.random.Generator, draws: int = DRAWS
) -> tuple[np.ndarray, np.ndarray]:
    """Share of label 1 in each group of a window, and draws from what it may be.

    Args:
        groups: of the reference, arrays of one shape.
        score: mean score of the window's rows, of the same shape; NaN where there are none.
        generator: of the draws.
        draws: how many.

    Returns:
        The share at the posterior's mean, [...], and the draws, [draws, ...].
    """
    believed = np.where(groups.rows > 0, groups.score, np.nan_to_num(score, nan=0.5))
    believed = np.clip(believed, _LEAST, 1 - _LEAST)
    ones = believed + groups.positive
    zeros = 1 - believed + groups.rows - groups.positive
    moved = logit(np.clip(np.nan_to_num(score, nan=0.5), _LEAST, 1 - _LEAST)) - logit(believed)
    # At shape parameters near 0 the draws may be 0 exactly; their logit is -inf, their rate 0.
    with np.errstate(divide="ignore"):
        drawn = expit(logit(generator.beta(ones, zeros, (draws, *ones.shape))) + moved)
        return expit(logit(ones / (ones + zeros)) + moved), drawn
