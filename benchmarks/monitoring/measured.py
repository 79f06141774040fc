"""A piece of work in a process of its own: its answer, its processor time and its memory.

``python measured.py NAME FOLDER`` runs one peer, in whose environment nothing of Phasegate is
installed; it prints one line of JSON.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any


def rss() -> float:
    """Memory in use, in megabytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def peak() -> float:
    """The most memory that was in use, in megabytes.

    Of this program: `getrusage` would count what its parent had when it was started.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(one.split()[1]) for one in lines if one.startswith("VmHWM")) / 1e3


def measured(prepare: Callable[[], Any], work: Callable[[Any], Any]) -> dict[str, Any]:
    """CPU seconds of both steps; memory of the data, and at most."""
    begin = time.process_time()
    prepared = prepare()
    middle, before = time.process_time(), rss()
    answer = work(prepared)
    return {
        "prepare": middle - begin,
        "work": time.process_time() - middle,
        "before": before,
        "peak": peak(),
        "answer": answer,
    }


def columns(folder: Path, part: str) -> Any:
    """A table of columns as a pandas frame."""
    import numpy as np
    import pandas as pd

    names = json.loads((folder / "names.json").read_text())
    return pd.DataFrame(np.load(folder / f"{part}.npy"), columns=names)


def imported_nannyml() -> Any:
    """NannyML. It asks for AutoML at import, which only its domain classifier uses."""
    import flaml

    flaml.AutoML = getattr(flaml, "AutoML", object)
    import nannyml

    return nannyml


def scipy(folder: Path) -> dict[str, Any]:
    """`ks_2samp` of the finite values of each column: the exact distance."""
    from scipy.stats import ks_2samp

    reference, window = columns(folder, "reference"), columns(folder, "window")
    return measured(
        lambda: None,
        lambda _: {
            name: float(
                ks_2samp(reference[name].dropna(), window[name].dropna(), method="asymp").pvalue
            )
            for name in reference
        },
    )


def alibi(folder: Path) -> dict[str, Any]:
    """alibi-detect's TabularDrift on raw rows."""
    from alibi_detect.cd import TabularDrift

    reference, window = (columns(folder, one) for one in ("reference", "window"))
    names, left, right = list(reference), reference.to_numpy(), window.to_numpy()
    del reference, window

    def work(detector: Any) -> dict[str, float]:
        found = detector.predict(right, drift_type="feature")["data"]
        return dict(zip(names, map(float, found["p_val"]), strict=True))

    return measured(lambda: TabularDrift(left, p_val=0.05), work)


def nannyml(folder: Path) -> dict[str, Any]:
    """NannyML's KS distance of each column, one chunk; its verdict is its own threshold's."""
    nml = imported_nannyml()
    reference, window = columns(folder, "reference"), columns(folder, "window")
    names = list(reference)

    def prepare() -> Any:
        calculator = nml.UnivariateDriftCalculator(
            column_names=names, continuous_methods=["kolmogorov_smirnov"], chunk_number=1
        )
        return calculator.fit(reference)

    def work(calculator: Any) -> dict[str, float]:
        found = calculator.calculate(window).filter(period="analysis").to_df()
        return {name: float(found[(name, "kolmogorov_smirnov", "value")].iloc[0]) for name in names}

    return measured(prepare, work)


def evidently(folder: Path) -> dict[str, Any]:
    """Evidently's drift preset with PSI."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    reference, window = columns(folder, "reference"), columns(folder, "window")
    definition = DataDefinition(numerical_columns=list(reference))

    def prepare() -> Any:
        return [Dataset.from_pandas(one, data_definition=definition) for one in (window, reference)]

    def work(data: Any) -> dict[str, float]:
        found = Report([DataDriftPreset(method="psi")]).run(*data).dict()
        return {
            one["config"]["column"]: float(one["value"])
            for one in found["metrics"]
            if "column" in one.get("config", {})
        }

    return measured(prepare, work)


PEERS = {"scipy": scipy, "alibi": alibi, "nannyml": nannyml, "evidently": evidently}


def main() -> None:
    """Run one peer."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stdout(io.StringIO()):
        found = PEERS[sys.argv[1]](Path(sys.argv[2]))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
