"""Means by entity, and whether there are enough entities to speak of their mean."""

from __future__ import annotations

import math

from phasegate.statistics.clusters import Clusters

FEWEST = 100
"""Entities of each cohort before bounds that rest on the central limit theorem are looked at."""

FEWEST_EFFECTIVE = 30.0
"""The same of `Clusters.effective_entities`: a hundred entities of which one asks most are few."""


def too_few(*cohorts: Clusters | None) -> str:
    """Why nothing is said of these cohorts; empty where there is no reason."""
    if any(cohort is None for cohort in cohorts):
        return "it was not measured"
    if not all(math.isfinite(cohort.requests) for cohort in cohorts):
        return "its sums are not numbers"
    if not all(cohort.requests > 0 for cohort in cohorts):
        return "no row has a value yet (labels have to be old enough, and to join by request id)"
    if not all(cohort.entities >= FEWEST for cohort in cohorts):
        seen = min(cohort.entities for cohort in cohorts)
        return f"{seen:,.0f} entities, and nothing is said of fewer than {FEWEST}"
    effective = min(cohort.effective_entities for cohort in cohorts)
    if effective < FEWEST_EFFECTIVE:
        return (
            f"a few entities have most of the requests: as good as {effective:.0f} equal ones, and "
            f"nothing is said of fewer than {FEWEST_EFFECTIVE:.0f}"
        )
    return ""
