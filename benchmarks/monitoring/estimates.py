"""How often intervals of estimates hold what is measured later, beside NannyML's CBPE.

Each world is one model with its own labelled reference and a row of windows; both estimators get
the same reference and the same windows. Three cases: nothing moves, inputs move (covariate shift),
and what inputs mean moves (concept drift), which no estimate from scores can see.

    .venv/test/bin/python benchmarks/monitoring/estimates.py

NannyML runs in the environment with the peers. Prints a Markdown table.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
WORLDS, WINDOWS, ROWS = 60, 3, 3_000
DRAWS = 800
REFERENCES = (1_000, 10_000)
CASES = ("calibrated", "covariate shift", "concept drift")
METRICS = ("precision", "recall", "accuracy")
THRESHOLD = 0.5
Z = 1.959963984540054


@dataclass(frozen=True)
class World:
    """Scores and labels of a reference [rows], and of windows [WINDOWS, ROWS]."""

    reference: tuple[np.ndarray, np.ndarray]
    windows: tuple[np.ndarray, np.ndarray]


def worlds(case: str, reference: int) -> Iterator[World]:
    """Worlds of a case. Scores are not quite calibrated: both estimators have to correct them."""
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
    import flaml

    flaml.AutoML = object  # for another estimator; the environment has it without that extra
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
    found, start = {}, time.perf_counter()
    for case in CASES:
        for reference in REFERENCES:
            found[f"{case}/{reference}"] = [theirs(one) for one in worlds(case, reference)]
    found["seconds"] = time.perf_counter() - start
    (folder / "peers.json").write_text(json.dumps(found))


def main() -> None:
    """Run both, compare, print."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [ROOT / ".venv/peers/bin/python", "-W", "ignore", __file__, folder],
            check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={"NML_DISABLE_USAGE_LOGGING": "1", "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        peers = json.loads((Path(folder) / "peers.json").read_text())
    print(
        f"Coverage of the measured value and mean width of the interval, {WORLDS * WINDOWS} windows"
        f" of {ROWS:,} rows each\n"
    )
    print("| case | labelled reference rows | metric | ours, 95 % | NannyML at 1.96 errors | "
          "NannyML's own boundary (3 errors) |")  # fmt: skip
    print("|---|---:|---|---:|---:|---:|")
    seconds = 0.0
    for case in CASES:
        for reference in REFERENCES:
            made = list(worlds(case, reference))
            start = time.perf_counter()
            mine = [ours(one) for one in made]
            seconds += time.perf_counter() - start
            their = peers[f"{case}/{reference}"]
            for metric in METRICS:
                real = np.concatenate([truth(one)[metric] for one in made])
                intervals = np.array([row for one in mine for row in one[metric]])
                value, error = np.array([row for one in their for row in one[metric]]).T
                cells = [
                    _cell(real, intervals[:, 1], intervals[:, 2]),
                    _cell(real, value - Z * error, value + Z * error),
                    _cell(real, value - 3 * error, value + 3 * error),
                ]
                print(f"| {case} | {reference:,} | {metric} | {' | '.join(cells)} |")
    print(f"\nOurs took {seconds:.0f} s, NannyML {peers['seconds']:.0f} s (with its import).")


def _cell(real: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> str:
    held = np.mean((lower - 1e-12 <= real) & (real <= upper + 1e-12))
    return f"{held:.1%}, ±{np.mean(upper - lower) / 2:.3f}"


if __name__ == "__main__":
    run_peers(Path(sys.argv[1])) if len(sys.argv) > 1 else main()
