"""How often intervals of estimates hold what is measured later, beside NannyML's CBPE.

Each world is one model with its own labelled reference and a row of windows; both estimators get
the same reference and the same windows. Scores are not calibrated (a score s is right s^1.2 of the
time), so that both have to correct them. Three cases: nothing moves, inputs move (covariate shift),
and what inputs mean moves (concept drift), which no estimate from scores can see.

    .venv/test/bin/python benchmarks/monitoring/estimates.py

NannyML runs at the same time in the environment with the peers, its telemetry switched off. Prints
a Markdown table, in about two minutes on two idle cores.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
WORLDS, WINDOWS, ROWS = 80, 2, 3_000
DRAWS = 800
REFERENCES = (1_000, 10_000)
CASES = ("nothing moves", "covariate shift", "concept drift")
METRICS = ("precision", "recall", "accuracy")
THRESHOLD = 0.5
Z = 1.959963984540054
PATIENCE = 600


@dataclass(frozen=True)
class World:
    """Scores and labels of a reference [rows], and of windows [WINDOWS, ROWS]."""

    reference: tuple[np.ndarray, np.ndarray]
    windows: tuple[np.ndarray, np.ndarray]


def worlds(case: str, reference: int) -> Iterator[World]:
    """Worlds of a case, the same ones each time."""
    rng = np.random.default_rng([CASES.index(case), reference])
    for _ in range(WORLDS):
        known = rng.beta(0.5, 2.0, reference)
        moved = rng.beta(1.0 if case == "covariate shift" else 0.5, 2.0, (WINDOWS, ROWS))
        weaker = 0.8 if case == "concept drift" else 1.0
        yield World(
            (known, (rng.random(known.shape) < _rate(known)).astype(int)),
            (moved, (rng.random(moved.shape) < weaker * _rate(moved)).astype(int)),
        )


def _rate(scores: np.ndarray) -> np.ndarray:
    return scores**1.2


def ours(world: World) -> dict[str, list[tuple[float, float, float]]]:
    """Value, lower and upper of each window, by metric."""
    sys.path.insert(0, str(ROOT))
    from phasegate.monitoring.performance.calibration import labelled_groups
    from phasegate.monitoring.performance.estimate import estimated
    from tests.monitoring.performance.samples import profile_of, sums_of

    profile = profile_of(*world.reference, THRESHOLD)
    groups = labelled_groups(profile)
    found: dict[str, list[tuple[float, float, float]]] = {metric: [] for metric in METRICS}
    for scores in world.windows[0]:
        sums = sums_of(profile, scores)
        for metric in METRICS:
            one = estimated(groups, sums, metric, 0.95, draws=DRAWS)
            found[metric].append((one.value, one.lower, one.upper))
    return found


def theirs(world: World) -> dict[str, list[tuple[float, float]]]:
    """Value and sampling error of each window, by metric; NannyML's boundary is 3 errors away."""
    import nannyml
    import pandas

    def frame(scores: np.ndarray, labels: np.ndarray) -> pandas.DataFrame:
        return pandas.DataFrame(
            {"score": scores, "decision": (scores >= THRESHOLD).astype(int), "label": labels}
        )

    estimator = nannyml.CBPE(
        metrics=list(METRICS),
        y_pred_proba="score",
        y_pred="decision",
        y_true="label",
        problem_type="classification_binary",
        chunk_size=ROWS,
    )
    estimator.fit(frame(*world.reference))
    scores = world.windows[0].ravel()
    result = estimator.estimate(frame(scores, np.zeros(len(scores), int)).drop(columns="label"))
    table = result.filter(period="analysis").to_df()
    return {
        metric: [
            (float(value), float(error))
            for value, error in zip(
                table[(metric, "value")], table[(metric, "sampling_error")], strict=True
            )
        ]
        for metric in METRICS
    }


def truth(world: World) -> dict[str, np.ndarray]:
    """What is measured in each window later."""
    scores, labels = world.windows
    decided, positive = scores >= THRESHOLD, labels == 1
    hits = (decided & positive).sum(axis=1)
    return {
        "precision": hits / decided.sum(axis=1),
        "recall": hits / positive.sum(axis=1),
        "accuracy": (decided == positive).mean(axis=1),
    }


def run_peers(folder: Path) -> None:
    """The peer's part, in its own environment: estimates of all worlds, as JSON."""
    found: dict[str, Any] = {}
    for case, reference in itertools.product(CASES, REFERENCES):
        found[f"{case}/{reference}"] = [theirs(one) for one in worlds(case, reference)]
    found["seconds"] = time.process_time()
    (folder / "peers.json").write_text(json.dumps(found))


def main() -> None:
    """Run both, compare, print."""
    environment = {**os.environ, "NML_DISABLE_USAGE_LOGGING": "1", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        peer = subprocess.Popen(
            [ROOT / ".venv/peers/bin/python", "-W", "ignore", __file__, folder],
            cwd=folder, env=environment, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            start = time.process_time()
            mine = {
                (case, reference): [ours(one) for one in worlds(case, reference)]
                for case, reference in itertools.product(CASES, REFERENCES)
            }
            seconds = time.process_time() - start
            if peer.wait(timeout=PATIENCE):
                sys.exit("NannyML failed; its message is above")
        finally:
            peer.kill()
        peers = json.loads((Path(folder) / "peers.json").read_text())
    print(
        "Share of intervals that hold the measured value, and mean half width;"
        f" {WORLDS * WINDOWS} windows of {ROWS:,} rows each (standard error of 95 %: "
        f"{math.sqrt(0.05 * 0.95 / WORLDS / WINDOWS):.1%}, and up to {math.sqrt(WINDOWS):.1f} times"
        f" that: {WINDOWS} windows share a reference).\n"
    )
    print("| case | labelled reference rows | metric | bias, ours / NannyML | ours, 95 % |"
          " NannyML at 1.96 errors | NannyML's own boundary (3 errors) |")  # fmt: skip
    print("|---|---:|---|---:|---:|---:|---:|")
    for (case, reference), found in mine.items():
        real = [truth(one) for one in worlds(case, reference)]
        for metric in METRICS:
            cells = _cells(
                np.concatenate([one[metric] for one in real]),
                np.array([row for one in found for row in one[metric]]),
                np.array([row for one in peers[f"{case}/{reference}"] for row in one[metric]]),
            )
            print(f"| {case} | {reference:,} | {metric} | {' | '.join(cells)} |")
    print(
        f"\nCPU: ours {seconds:.0f} s, NannyML {peers['seconds']:.0f} s, either with its import"
        " and the making of the worlds."
    )


def _cells(real: np.ndarray, mine: np.ndarray, their: np.ndarray) -> list[str]:
    """Bias and three intervals; of (value, lower, upper) and of (value, error) for each window."""
    value, error = their.T
    return [
        f"{np.mean(mine[:, 0] - real):+.3f} / {np.mean(value - real):+.3f}",
        _cell(real, mine[:, 1], mine[:, 2]),
        *(_cell(real, value - z * error, value + z * error) for z in (Z, 3)),
    ]


def _cell(real: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> str:
    held = np.mean((lower - 1e-12 <= real) & (real <= upper + 1e-12))
    return f"{held:.1%}, ±{np.mean(upper - lower) / 2:.3f}"


if __name__ == "__main__":
    run_peers(Path(sys.argv[1])) if len(sys.argv) > 1 else main()
