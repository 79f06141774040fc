"""A window held against its reference: pure, total, and never silently fine."""

from __future__ import annotations

import math
from datetime import datetime

from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.drift.calibration import Calibration
from phasegate.monitoring.drift.judgement import Alarm, Channel, DriftJudgement, RuleOutcome
from phasegate.monitoring.policy import DriftRules
from phasegate.monitoring.profile import Profile


def judge(
    profile: Profile,
    calibration: Calibration | None,
    counts: WindowCounts,
    rules: DriftRules,
    *,
    since: datetime,
    until: datetime,
    traffic: int | None = None,
) -> DriftJudgement:
    """Whether a window is still like the reference, by both rules and all channels.

    Args:
        profile: the reference.
        calibration: of drift-free windows; without one, rows are taken as independent.
        counts: of the window's rows, on the profile's edges.
        rules: what is allowed.
        since, until: the window, of event time.
        traffic: rows of all models that answered users in the window, which the row rate is judged
            by; None where this model was the only one.

    Raises:
        BadInput: counts or calibration are of another profile.
    """
    nothing = RuleOutcome(False, 0, 0, math.nan, "nothing was compared")
    alarm = Alarm(Channel.UNKNOWN, "", "", "", "nothing was compared")
    return DriftJudgement(
        profile.model_digest, profile.digest, since, until, counts.rows, False, (), None,
        nothing, nothing, (alarm,), True,
    )  # fmt: skip
