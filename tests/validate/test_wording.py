"""TFDV's anomalies, said so that nobody has to look them up."""

from __future__ import annotations

from components.validate.findings import Finding, severity_of, without_echoes
from components.validate.wording import in_plain_words


def test_a_distance_names_value_and_limit() -> None:
    said = in_plain_words(
        "amount",
        "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH",
        "The approximate Jensen-Shannon divergence between current and previous is 0.4 (up to six "
        "significant digits), above the threshold 0.1.",
    )
    assert said.what == (
        "is distributed differently than in the reference. "
        "The Jensen-Shannon divergence from the reference is 0.4, the limit 0.1"
    )


def test_a_missing_share_names_what_is_required() -> None:
    said = in_plain_words(
        "score",
        "FEATURE_TYPE_LOW_FRACTION_PRESENT",
        "The feature was present in fewer examples than expected: minimum fraction = 0.950000, "
        "actual = 0.400000",
    )
    assert said.what.endswith("with a value is 0.400000; at least 0.950000 is required")


def test_an_anomaly_without_words_keeps_tfdvs_and_blocks() -> None:
    said = in_plain_words("x", "MAX_IMAGE_BYTE_SIZE_EXCEEDED", "The image is too large.")
    assert "The image is too large" in said.what
    assert severity_of(said.kind) == "block"


def test_what_is_missing_is_said_once() -> None:
    own = Finding("y", "LABEL_MISSING_VALUES", "is missing in 3 rows", "")
    echo = Finding("y", "FEATURE_TYPE_LOW_FRACTION_PRESENT", "is missing", "")
    other = Finding("x", "FEATURE_TYPE_LOW_FRACTION_PRESENT", "is missing", "")
    assert without_echoes([own, echo, other]) == (own, other)
