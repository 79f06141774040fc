"""What a retraining decision is made of: the reports, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from phasegate.monitoring.drift.judgement import DriftJudgement
from phasegate.monitoring.performance.series import Performance
from phasegate.monitoring.policy import MonitoringPolicy
from phasegate.monitoring.retraining.course import Fall
from phasegate.monitoring.retraining.decision import (
    Action,
    Change,
    Shape,
)
from phasegate.monitoring.retraining.standing import (
    Standing,
)
from phasegate.monitoring.skew.report import SkewReport


@dataclass(frozen=True, slots=True)
class Found:
    """What the reports say, before anything is decided."""

    performance: Performance
    drift: tuple[DriftJudgement, ...]
    skew: SkewReport | None
    changes: tuple[Change, ...]
    policy: MonitoringPolicy
    model_digest: str
    profile_digest: str
    until: datetime
    last_training: datetime | None
    shape: Shape
    fall: Fall | None
    alerting: tuple[DriftJudgement, ...]
    measured: Standing | None
    near: Standing | None
    estimated: Standing | None


Answer = tuple[Action, list[str], Change | None]
"""What to do, why, and the change that is to be taken back."""
