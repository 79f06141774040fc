"""Reference rows and windows of any values, as the log holds them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from phasegate.models import Input
from phasegate.monitoring.profile import Profile
from phasegate.monitoring.profiling import make_profile

COLUMNS = (Input("amount", "numeric"), Input("kind", "categorical"))
PANE = timedelta(hours=1)
HOUR = 3_600_000_000

numbers = st.one_of(
    st.none(),
    st.floats(width=64),
    st.sampled_from([0.0, -0.0, 1.0, 2.0, 2.5, 1e300, -1e300, 5e-324]),
)
categories = st.one_of(st.none(), st.sampled_from(["a", "b", "", "ü", "z" * 70, "z" * 69 + "y"]))
rows = st.lists(
    st.tuples(numbers, categories, st.integers(0, 5 * HOUR), st.booleans()), max_size=40
)


def table(values: list[tuple]) -> pa.Table:
    """Rows of (amount, kind, microsecond, whether the request failed)."""
    failed = [one[3] for one in values]
    struct = pa.StructArray.from_arrays(
        [
            pa.array([one[0] for one in values], pa.float64()),
            pa.array([one[1] for one in values], pa.string()),
        ],
        names=["amount", "kind"],
        mask=pa.array(failed, pa.bool_()),
    )
    scores = np.linspace(0, 1, len(values)) if values else []
    return pa.table(
        {
            "request_id": pa.array([f"r{at}" for at in range(len(values))], pa.string()),
            "row": pa.array(range(len(values)), pa.int32()),
            "model_digest": pa.array(["a" * 64] * len(values), pa.string()),
            "event_time": pa.array([one[2] for one in values], pa.timestamp("us", tz="UTC")),
            "score": pa.array(scores, pa.float64(), mask=np.array(failed, bool)),
            "decision": pa.array(
                [int(one >= 0.5) for one in scores], pa.int8(), mask=np.array(failed, bool)
            ),
            "error": pa.array([None if ok else "gone" for ok in np.logical_not(failed)],
                              pa.string()),
            "features": struct,
        }
    )  # fmt: skip


def profile(amounts: list[float | None], kinds: list[str | None]) -> Profile:
    """Of as many reference rows."""
    scores = np.linspace(0, 1, len(amounts))
    features = {"amount": pa.array(amounts, pa.float64()), "kind": pa.array(kinds, pa.string())}
    return make_profile(
        pa.table(features), COLUMNS, name="m", model_digest="a" * 64, features_digest="f" * 64,
        threshold=0.5, scores=scores, decisions=scores >= 0.5, labels=scores >= 0.4, times=None,
    )  # fmt: skip


references = st.lists(st.tuples(numbers, categories), min_size=1, max_size=300).map(
    lambda pairs: profile([one for one, _ in pairs], [one for _, one in pairs])
)
