"""A trained model as data: a booster in UBJSON and everything needed to use it in JSON."""

from phasegate.models.calibration import Calibration
from phasegate.models.encoding import CATEGORICAL, NUMERIC, Input, encode
from phasegate.models.model import FILES, Model

__all__ = ["CATEGORICAL", "FILES", "NUMERIC", "Calibration", "Input", "Model", "encode"]
