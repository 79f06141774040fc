"""A stream shown to everyone, a window a day: the days on which each alerts."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.monitoring.streams import BEGIN, DAY, KINDS, NUMERIC, Stream
from phasegate.monitoring.counting import count_panes
from phasegate.monitoring.counts import WindowCounts
from phasegate.monitoring.drift.calibration import calibrate
from phasegate.monitoring.drift.judge import judge
from phasegate.monitoring.drift.judgement import DriftJudgement
from phasegate.monitoring.policy import DriftRules
from phasegate.monitoring.profile import Profile
from phasegate.monitoring.profiling import kinds, make_profile

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv" / "peers" / "bin" / "python"
LABELS = {"alibi": "alibi-detect", "nannyml": "NannyML", "evidently": "Evidently"}


def features_of(found: Stream) -> pa.Table:
    """Its features as a table."""
    columns = {f"x{one}": pa.array(found.numbers[:, one], from_pandas=True)
               for one in range(NUMERIC)}  # fmt: skip
    columns["kind"] = pa.array(np.array(KINDS)[found.kinds].tolist())
    return pa.table(columns)


def log_of(found: Stream) -> pa.Table:
    """As the prediction log stores it."""
    features = features_of(found)
    struct = pa.StructArray.from_arrays(
        [one.combine_chunks() for one in features.columns], names=features.column_names
    )
    times = found.times + int(BEGIN.timestamp()) * 1_000_000
    return pa.table(
        {
            "event_time": pa.array(times, pa.timestamp("us", tz="UTC")),
            "score": pa.array(found.scores),
            "decision": pa.array((found.scores >= 0.5).astype(np.int8)),
            "features": struct,
        }
    )


def profile_of(found: Stream) -> Profile:
    """The profile that training makes of these rows."""
    features = features_of(found)
    times = found.times + int(BEGIN.timestamp()) * 1_000_000
    return make_profile(
        features, kinds(features), name="model", model_digest="a" * 64, features_digest="b" * 64,
        threshold=0.5, scores=found.scores, decisions=(found.scores >= 0.5).astype(np.int8),
        labels=found.labels.astype(np.int8), times=times,
    )  # fmt: skip


def judgements(found: Stream, reference: int, rules: DriftRules) -> list[DriftJudgement]:
    """Ours of each day after the first `reference` days."""
    past = found.of(found.days < reference)
    profile = profile_of(past)
    calibration = calibrate(profile, count_panes(profile, log_of(past), rules.pane), rules, seed=1)
    daily = count_panes(profile, log_of(found.of(found.days >= reference)), DAY)
    return [
        judge(
            profile, calibration,
            daily.get(BEGIN + day * DAY, WindowCounts.none(profile)), rules,
            since=BEGIN + day * DAY, until=BEGIN + (day + 1) * DAY,
        )
        for day in range(reference, int(found.days.max()) + 1)
    ]  # fmt: skip


def others(found: Stream, reference: int, names: Sequence[str]) -> dict[str, list[int]]:
    """Days on which others alert."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.npz"
        np.savez(
            path, numbers=found.numbers, kinds=found.kinds, days=found.days, reference=reference
        )
        return {name: _other(name, path) for name in names}


def _other(name: str, path: Path) -> list[int]:
    script = Path(__file__).with_name("replayed.py")
    done = subprocess.run(
        [str(PEERS), str(script), name, str(path)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-2_000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])
