"""Records what confseq and savvi answer over a grid, into ``values.json`` beside this file.

Neither can be a dependency of the tests: confseq compiles C++ against Boost with a pybind11 that no
longer compiles, savvi pulls in cvxpy. Run by hand, with g++, in an environment of its own:

    apt-get install libboost-dev && pip install numpy scipy 'pybind11<3'
    pip download --no-deps --no-build-isolation confseq==0.0.11 savvi==0.3.1
    tar xzf confseq-0.0.11.tar.gz && unzip savvi-0.3.1-py3-none-any.whl
    g++ -O2 -std=c++14 -shared -fPIC $(python -m pybind11 --includes) \\
        confseq-0.0.11/src/confseq/boundaries.cpp -o boundaries.so
    PYTHONPATH=. python record.py
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boundaries
import numpy as np

Rows = list[list[float]]


def rows(function: Callable[..., float], *grids: list[Any]) -> Rows:
    """Arguments and answer, for every combination of the arguments."""
    return [[*args, float(function(*args))] for args in itertools.product(*grids)]


def savvi_multinomial() -> Any:
    """The module, without what it plots and optimises with."""
    for name in ("cvxpy", "matplotlib", "matplotlib.pyplot", "py_markdown_table.markdown_table"):
        parent, _, leaf = name.rpartition(".")
        sys.modules[name] = types.ModuleType(name)
        if parent:
            sys.modules.setdefault(parent, types.ModuleType(parent))
            setattr(sys.modules[parent], leaf, sys.modules[name])
    sys.modules["cvxpy"].Variable = sys.modules["cvxpy"].Constraint = object
    sys.modules["py_markdown_table.markdown_table"].markdown_table = None
    return importlib.import_module("savvi.multinomial")


def multinomial(shares: list[float], counts: list[int], concentration: float) -> float:
    test = savvi.Multinomial(0.05, np.array(shares), concentration)
    test.update(np.array(counts))
    return float(np.log(test.odds))


savvi = savvi_multinomial()
v, alphas, planned = [0.5, 1.0, 30.0, 1e3, 1e5], [0.2, 0.05, 0.001], [10.0, 1e3, 1e5]
values = {
    "source": "confseq 0.0.11 (boundaries.cpp), savvi 0.3.1",
    # v, alpha, v_opt, alpha_opt, one-sided, bound of the sum
    "normal_mixture": rows(
        boundaries.normal_mixture_bound, v, alphas, planned, [0.05, 0.01], [False, True]
    ),
    # v, alpha, v_opt, c, alpha_opt, bound of the sum
    "gamma_exponential": rows(
        boundaries.gamma_exponential_mixture_bound, v, alphas, planned, [1.0], [0.05]
    ),
    # s, v, v_opt, g, h, alpha_opt, one-sided, logarithm of the mixture
    "beta_binomial": [
        row
        for p in (0.5, 0.1, 0.02)
        for n in (10.0, 200.0, 5000.0)
        for row in rows(
            boundaries.beta_binomial_log_mixture,
            [float(np.floor(n * q) - n * p) for q in (p / 2, p, 1.5 * p, 0.9)],
            [n * p * (1 - p)], [100 * p * (1 - p)], [p], [1 - p], [0.05], [True],
        )
    ],
    # shares, counts, concentration, logarithm of the e-value
    "multinomial": [
        [shares, counts, k, multinomial(shares, counts, k)]
        for shares, counts in (
            ([0.5, 0.5], [3, 1]),
            ([0.5, 0.5], [512, 488]),
            ([0.75, 0.25], [7000, 3000]),
            ([0.25, 0.25, 0.5], [10, 0, 12]),
            ([0.25, 0.25, 0.5], [25_000, 25_300, 49_700]),
        )
        for k in (10.0, 100.0, 1000.0)
    ],
}  # fmt: skip
Path(__file__).with_name("values.json").write_text(json.dumps(values, allow_nan=True) + "\n")
