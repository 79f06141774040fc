"""C's single-precision functions: XGBoost calls these, and NumPy's own differ in the last bit."""

from __future__ import annotations

import ctypes
from collections.abc import Callable


def _single(name: str) -> Callable[[float], float]:
    function = getattr(ctypes.CDLL("libm.so.6"), name)
    function.argtypes, function.restype = [ctypes.c_float], ctypes.c_float
    return function


expf = _single("expf")
logf = _single("logf")
