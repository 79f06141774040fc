"""TFDV's anomalies in plain words: what it means, and what to do."""

from __future__ import annotations

import re

from components.validate.findings import Finding

# Kind of anomaly: how the sentence about the column goes on, and what to do about it.
_WORDS: dict[str, tuple[str, str]] = {
    "SCHEMA_MISSING_COLUMN": (
        "is in the schema and not in the data",
        "Restore the column, or remove it from the schema if it is gone for good.",
    ),
    "SCHEMA_NEW_COLUMN": (
        "is in the data and not in the schema",
        "Add it to the schema if it is meant to be there.",
    ),
    "ENUM_TYPE_UNEXPECTED_STRING_VALUES": (
        "has values never seen before",
        "Correct the values, or add them to the column's domain in the schema.",
    ),
    "ENUM_TYPE_INVALID_UTF8": (
        "has text that is not UTF-8",
        "Write the source as UTF-8.",
    ),
    "UNEXPECTED_DATA_TYPE": (
        "has another type than the schema says",
        "Restore the type at the source: one stray text turns a column of numbers into text.",
    ),
    "INT_TYPE_BIG_INT": (
        "has numbers above the range in the schema",
        "Check the unit, or widen the range in the schema.",
    ),
    "INT_TYPE_SMALL_INT": (
        "has numbers below the range in the schema",
        "Check the unit, or widen the range in the schema.",
    ),
    "FLOAT_TYPE_BIG_FLOAT": (
        "has numbers above the range in the schema",
        "Check the unit, or widen the range in the schema.",
    ),
    "FLOAT_TYPE_SMALL_FLOAT": (
        "has numbers below the range in the schema",
        "Check the unit, or widen the range in the schema.",
    ),
    "FEATURE_TYPE_LOW_FRACTION_PRESENT": (
        "is missing more often than the schema allows",
        "Find out since when values are missing, or lower min_fraction in the schema.",
    ),
    "FEATURE_TYPE_LOW_NUMBER_PRESENT": (
        "has fewer values than the schema asks for",
        "Find out since when values are missing, or lower min_count in the schema.",
    ),
    "FEATURE_TYPE_NOT_PRESENT": (
        "has no value in any row",
        "Restore the column at its source.",
    ),
    "FEATURE_TYPE_HIGH_UNIQUE": (
        "has more different values than the schema allows",
        "Check whether free text or identifiers got into the column.",
    ),
    "FEATURE_TYPE_LOW_UNIQUE": (
        "has fewer different values than the schema asks for",
        "Check whether a part of the data is missing.",
    ),
    "COMPARATOR_L_INFTY_HIGH": (
        "is distributed differently than in the reference",
        "Find out what changed; if the change is real, take a newer reference.",
    ),
    "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH": (
        "is distributed differently than in the reference",
        "Find out what changed; if the change is real, take a newer reference.",
    ),
    "COMPARATOR_CONTROL_DATA_MISSING": (
        "is not in the reference, so there is nothing to compare it with",
        "Take a reference that has it.",
    ),
    "COMPARATOR_TREATMENT_DATA_MISSING": (
        "is in the reference and has no values now",
        "Restore the column at its source.",
    ),
    "DATASET_LOW_NUM_EXAMPLES": (
        "has fewer rows than the schema asks for",
        "Check whether a part of the data is missing.",
    ),
    "DATASET_HIGH_NUM_EXAMPLES": (
        "has more rows than the schema allows",
        "Check whether data were delivered twice.",
    ),
    "STATISTICS_MISSING": (
        "could not be looked at",
        "Give data with rows; if there are some, run the step again and read its log.",
    ),
}
_UNKNOWN = (
    "has an anomaly that TFDV names and Phasegate has no words for",
    "Read TFDV's description of it; an anomaly that is not understood blocks.",
)
# TFDV's sentences, and how a person would say the same.
_PLAINER = (
    (r" \(up to six significant digits\)", ""),
    (r"Linfty distance", "largest change of a value's share"),
    (r"The approximate Jensen-Shannon", "The Jensen-Shannon"),
    (r"between current and previous is", "from the reference is"),
    (r"between training and serving is", "from the reference is"),
    (r"above the threshold", "the limit"),
    (r"The feature value with maximum difference is: ", "The value that changed most is "),
    (r"Examples contain values missing from the schema", "Not in the schema"),
    (
        r"The feature was present in fewer examples than expected: "
        r"minimum fraction = ([\d.]+), actual = ([\d.]+)",
        r"Its share of rows with a value is \2; at least \1 is required",
    ),
)
_SAYS_NOTHING_NEW = (
    "Column is completely missing",
    "New column (column in data but not in schema)",
)


def in_plain_words(column: str, kind: str, description: str) -> Finding:
    """A finding from one of TFDV's anomalies.

    Args:
        column: where; empty for the table as a whole.
        kind: name of TFDV's AnomalyInfo.Type; one without words here is passed on as it is.
        description: TFDV's own sentence, with the numbers.
    """
    what, fix = _WORDS.get(kind, _UNKNOWN)
    detail = description.strip().rstrip(".")
    for theirs, ours in _PLAINER:
        detail = re.sub(theirs, ours, detail)
    if detail and detail not in _SAYS_NOTHING_NEW:
        what = f"{what}. {detail}"
    return Finding(column, kind, what, fix)
