"""Contract of `validate`."""

from kfp import dsl
from kfp.dsl import HTML, Input, Output

from components.container import container
from components.types import DataSchema, DataSnapshot, DataStatistics, ValidationReport, Verdict


@dsl.container_component
def validate(
    data: str,
    validation: str,
    snapshot: Input[DataSnapshot],
    statistics: Output[DataStatistics],
    schema: Output[DataSchema],
    report: Output[ValidationReport],
    verdict: Output[Verdict],
    page: Output[HTML],
    outcome: dsl.OutputPath(str),
):
    """Judge whether a snapshot is fit to train on, with TensorFlow Data Validation.

    Args:
        data: data section of the project file, as JSON.
        validation: validation section of the project file, as JSON.
        snapshot: the data to judge.

    Returns:
        statistics: TFDV's statistics of every column.
        schema: the schema that the data were held against.
        report: every anomaly in plain words, with column summaries.
        verdict: PASS or BLOCK, on the snapshot's digest.
        page: the report as a page to read.
        outcome: the verdict's outcome, for conditions.
    """
    return container("tfdv", "components.validate")
