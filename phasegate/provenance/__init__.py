"""Where a model came from, recorded so that it can be made again and a difference explained."""

from phasegate.provenance.differences import (
    Difference,
    environment_differences,
    section_differences,
)
from phasegate.provenance.environment import Environment, observe_environment
from phasegate.provenance.record import FILES, Record, read_record

__all__ = [
    "FILES",
    "Difference",
    "Environment",
    "Record",
    "environment_differences",
    "observe_environment",
    "read_record",
    "section_differences",
]
