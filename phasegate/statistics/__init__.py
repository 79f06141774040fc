"""Bounds and tests that hold at every look, and distances between distributions. Pure NumPy/SciPy.

All work on floats and on arrays, from sufficient statistics of constant size. Whatever is missing,
empty or not finite gives bounds that exclude nothing and e-values of 1, never a favourable answer.
"""

from phasegate.statistics.bounds import Bounds
from phasegate.statistics.clusters import Clusters

__all__ = ["Bounds", "Clusters"]
