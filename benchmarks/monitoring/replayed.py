"""What others say of a stream, day by day; in their own environment.

``python replayed.py NAME FILE``: FILE is a NumPy archive with `numbers`, `kinds`, `days` and
`reference`, the number of days before monitoring begins. Prints one line of JSON: the days that
alert.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
import warnings
from typing import Any

import numpy as np
from measured import imported_nannyml


def alibi(numbers: np.ndarray, kinds: np.ndarray, days: np.ndarray, begin: int) -> list[int]:
    """TabularDrift, as it comes: Bonferroni over features at 0.05."""
    from alibi_detect.cd import TabularDrift

    values = np.column_stack([numbers, kinds])
    detector = TabularDrift(
        values[days < begin], p_val=0.05, categories_per_feature={numbers.shape[1]: None}
    )
    return [
        int(day)
        for day in range(begin, int(days.max()) + 1)
        if detector.predict(values[days == day])["data"]["is_drift"]
    ]


def frame(numbers: np.ndarray, kinds: np.ndarray) -> Any:
    """The columns as a pandas frame."""
    import pandas as pd

    found = pd.DataFrame(numbers, columns=[f"x{one}" for one in range(numbers.shape[1])])
    return found.assign(kind=np.array(list("abcde"))[kinds])


def nannyml(numbers: np.ndarray, kinds: np.ndarray, days: np.ndarray, begin: int) -> list[int]:
    """KS and chi-square by day, with thresholds of three standard deviations of the reference."""
    nml = imported_nannyml()
    import pandas as pd

    data = frame(numbers, kinds)
    data["time"] = pd.Timestamp("2026-01-05") + pd.to_timedelta(days, unit="D")
    names = [one for one in data if one != "time"]
    calculator = nml.UnivariateDriftCalculator(
        column_names=names, continuous_methods=["kolmogorov_smirnov"],
        categorical_methods=["jensen_shannon"], timestamp_column_name="time", chunk_period="D",
    )  # fmt: skip
    calculator.fit(data[days < begin])
    missing = nml.MissingValuesCalculator(
        column_names=names, timestamp_column_name="time", chunk_period="D"
    ).fit(data[days < begin])
    alerts = np.zeros(int(days.max()) + 1 - begin, bool)
    for one in (calculator, missing):
        found = one.calculate(data[days >= begin]).filter(period="analysis").to_df()
        for column in found:
            if column[-1] == "alert":
                alerts |= found[column].to_numpy(bool)
    return (np.flatnonzero(alerts) + begin).tolist()


def evidently(numbers: np.ndarray, kinds: np.ndarray, days: np.ndarray, begin: int) -> list[int]:
    """The drift preset with PSI at its threshold, 0.1; an alert where any column drifts.

    By its default the preset alerts where half of them do: never, in these streams.
    """
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    names = [f"x{one}" for one in range(numbers.shape[1])]
    definition = DataDefinition(numerical_columns=names, categorical_columns=["kind"])
    data = frame(numbers, kinds)
    reference = Dataset.from_pandas(data[days < begin], data_definition=definition)
    report = Report([DataDriftPreset(method="psi", drift_share=1 / (len(names) + 1))])
    alerts = []
    for day in range(begin, int(days.max()) + 1):
        window = Dataset.from_pandas(data[days == day], data_definition=definition)
        found = report.run(window, reference).dict()["metrics"]
        drifted = [one["value"]["count"] for one in found if isinstance(one["value"], dict)]
        if drifted and drifted[0] >= 1:
            alerts.append(int(day))
    return alerts


PEERS = {"alibi": alibi, "nannyml": nannyml, "evidently": evidently}


def main() -> None:
    """Replay one stream to one peer."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    with np.load(sys.argv[2]) as data, contextlib.redirect_stdout(io.StringIO()):
        parts = data["numbers"], data["kinds"], data["days"], int(data["reference"])
        found = PEERS[sys.argv[1]](*parts)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
