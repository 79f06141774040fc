"""What alerts, audit log and journal are told as."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from examples.replay.happenings import Alerts, of_journal
from examples.replay.record import What
from phasegate.monitoring.policy import RetrainingRules
from phasegate.monitoring.retraining.decision import Change, ChangeKind
from phasegate.monitoring.retraining.entry import TrainingKey, TrainingOutcome
from phasegate.monitoring.retraining.journal import open_journal
from phasegate.monitoring.retraining.recording import announce_change, undo_change
from phasegate.monitoring.retraining.trainings import claim_training, end_training

AT = datetime(2025, 4, 24, tzinfo=UTC)
DAY = timedelta(days=1)


def alert(
    folder: Path,
    name: str,
    at: datetime,
    *alarms: tuple[str, str],
    model: str = "a",
    psi: float = 0.1,
) -> None:
    """An alert as the sidecar puts it down."""
    said = [
        {"channel": channel, "feature": feature, "reason": f"{feature} {channel}"}
        for channel, feature in alarms
    ]
    features = [{"feature": feature, "debiased": psi} for _, feature in alarms]
    data = {"model_digest": model, "alarms": said, "features": features}
    event = {"time": at.isoformat(), "data": data}
    (folder / f"{name}.json").write_text(json.dumps(event))


def test_an_alert_that_says_nothing_new_is_not_told_again(tmp_path: Path) -> None:
    alerts = Alerts(tmp_path)
    alert(tmp_path, "2", AT + DAY, ("distribution", "amount"))
    alert(tmp_path, "1", AT, ("distribution", "amount"))
    assert [one.at for one, _ in alerts.fresh("a", AT + 9 * DAY)] == [AT]
    assert not list(alerts.fresh("a", AT + 9 * DAY))
    alert(tmp_path, "3", AT + 2 * DAY, ("distribution", "amount"), ("missing values", "amount"))
    ((found, _),) = alerts.fresh("a", AT + DAY)
    assert (found.at, found.what, found.said) == (AT + DAY, What.ALERT, "amount missing values")


def test_a_new_channel_and_what_is_far_off_cannot_wait_and_little_drift_of_one_more_can(
    tmp_path: Path,
) -> None:
    alerts = Alerts(tmp_path)
    alert(tmp_path, "1", AT, ("distribution", "mean"))
    alert(tmp_path, "2", AT + DAY, ("distribution", "count"))
    alert(tmp_path, "3", AT + 2 * DAY, ("distribution", "amount"), psi=3.6)
    alert(tmp_path, "4", AT + 3 * DAY, ("distribution", "sum"), psi=float("nan"))
    alert(tmp_path, "5", AT + 4 * DAY, ("missing values", "count"))
    urgent = [is_urgent for _, is_urgent in alerts.fresh("a", AT + 9 * DAY)]
    assert urgent == [True, False, True, True, True]


def test_alerts_about_other_models_and_other_events_are_none(tmp_path: Path) -> None:
    alerts = Alerts(tmp_path)
    alert(tmp_path, "1", AT, ("distribution", "amount"))
    (tmp_path / "asked.json").write_text(
        json.dumps({"time": AT.isoformat(), "data": {"model": "m", "reason": "labels"}})
    )
    assert not list(alerts.fresh("b", AT + DAY))
    alert(tmp_path, "2", AT, ("distribution", "amount"), model="b")
    assert len(list(alerts.fresh("b", AT + DAY))) == 1
    alert(tmp_path, "3", AT, ("distribution", "amount"))
    assert not list(alerts.fresh("a", AT + DAY))


def test_what_the_journal_says_is_told_at_its_event_time(tmp_path: Path) -> None:
    journal, key = open_journal(str(tmp_path), "m"), TrainingKey("a" * 64, AT, "b" * 64)
    change = Change(ChangeKind.PIPELINE, AT - DAY, "feature pipeline v14", "platform")
    announced = announce_change(journal, change, AT)
    undo_change(journal, announced.sequence, AT, "platform", "back to v13", AT)
    for number, (outcome, version) in enumerate(
        ((TrainingOutcome.REGISTERED, "m/2"), (TrainingOutcome.BLOCKED, ""))
    ):
        later = TrainingKey(key.model_digest, AT + number * DAY, key.profile_digest)
        claim = claim_training(
            journal, later, RetrainingRules(cooldown=timedelta(0)), AT + number * DAY,
            actor="pipeline", holder="", reason="it declines",
        )  # fmt: skip
        end_training(
            journal, claim.sequence, AT + number * DAY, actor="pipeline", outcome=outcome,
            reason="as it came", version=version,
        )  # fmt: skip
    told = [of_journal(entry) for entry in journal.entries()]
    assert [(one.what, one.at) for one in told if one] == [
        (What.BUG, AT - DAY),
        (What.UNDONE, AT),
        (What.TRAINED, AT),
        (What.BLOCKED, AT + DAY),
    ]
    assert told[3] is not None
    assert told[3].said == "m/2 as it came"
