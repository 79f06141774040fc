"""XGBoost, imported without what is not used of it, and polite to its neighbours."""

from __future__ import annotations

import os
import sys
from types import ModuleType


def import_xgboost() -> ModuleType:
    """The xgboost module, its scikit-learn interface left out.

    XGBoost imports scikit-learn when it finds it, for its estimator classes only: 4.8 s of
    processor time against 1.0 s without, in each process that trains or scores. `Booster`,
    `DMatrix` and `train` are the same. scikit-learn itself can be imported afterwards as usual;
    not by another thread at the same time.

    Its threads sleep while they wait for each other. By default they spin, and where other
    processes want the same cores that takes the time it means to save: 0.9 s against 3 to 15 s for
    one training of 60,000 rows with two threads on two busy cores.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when the library is loaded
    if "xgboost" not in sys.modules and "sklearn" not in sys.modules:
        sys.modules["sklearn"] = None  # type: ignore[assignment]  # import then fails at once
        try:
            import xgboost
        finally:
            del sys.modules["sklearn"]
    import xgboost

    return xgboost
