"""How good a model is, how sure that is, and whether it is good enough. Pure NumPy."""

from phasegate.evaluation.bootstrap import Comparison, Estimate, compare, replicate_weights
from phasegate.evaluation.gates import effective_gates, judge
from phasegate.evaluation.measures import Measure, Scorecard
from phasegate.evaluation.metrics import METRICS, Tally, Values, higher_is_better
from phasegate.evaluation.ranking import Ranking
from phasegate.evaluation.slices import Slicing, slicing

__all__ = [
    "METRICS",
    "Comparison",
    "Estimate",
    "Measure",
    "Ranking",
    "Scorecard",
    "Slicing",
    "Tally",
    "Values",
    "compare",
    "effective_gates",
    "higher_is_better",
    "judge",
    "replicate_weights",
    "slicing",
]
