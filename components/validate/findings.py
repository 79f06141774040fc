"""What can be found wrong with data, and how grave each kind is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a finding stops the data."""

    BLOCK = "block"
    WARN = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, in plain words.

    Attributes:
        column: where; empty for the table as a whole.
        kind: short key, as in `validation.allow`.
        what: a sentence that says what is wrong and how often.
        example: a value or row that shows it.
        fix: what to do about it.
        rows: rows concerned, where that is known.
    """

    column: str
    kind: str
    what: str
    fix: str
    example: str = ""
    rows: int | None = None

    @property
    def name(self) -> str:
        """How `validation.allow` names it."""
        return f"{self.column or '*'}: {self.kind}"

    @property
    def sentence(self) -> str:
        """What and where, with an example if there is one."""
        where = f"Column {self.column}" if self.column else "The table"
        example = f" (for example {self.example})" if self.example else ""
        return f"{where} {self.what}{example}."


# Can a model still be trained and judged honestly, and is this as it was meant? If not, it blocks.
SEVERITY: dict[str, Severity] = {
    # Nothing can be concluded.
    "STATISTICS_MISSING": Severity.BLOCK,
    "TOO_FEW_ROWS": Severity.BLOCK,
    "COLUMN_MISSING": Severity.BLOCK,
    "UNSUPPORTED_TYPE": Severity.BLOCK,
    # The label is what everything is measured against.
    "LABEL_MISSING_VALUES": Severity.BLOCK,
    "LABEL_NOT_FINITE": Severity.BLOCK,
    "LABEL_NOT_BINARY": Severity.BLOCK,
    "LABEL_SINGLE_CLASS": Severity.BLOCK,
    "LABEL_POSITIVE_ABSENT": Severity.BLOCK,
    "LABEL_COPIED": Severity.BLOCK,
    # Time orders the split: a wrong time is a leak from the future.
    "TIME_MISSING_VALUES": Severity.BLOCK,
    "TIME_NOT_FINITE": Severity.BLOCK,
    "TIME_UNPARSABLE": Severity.BLOCK,
    "TIME_MIXED_ZONES": Severity.BLOCK,
    "TIME_IN_FUTURE": Severity.BLOCK,
    "TIME_CONSTANT": Severity.BLOCK,
    # A repeated event is counted twice, and may lie in training and test at once.
    "KEY_MISSING_VALUES": Severity.BLOCK,
    "KEY_REPEATED": Severity.BLOCK,
    # XGBoost refuses infinity; it takes NaN as missing, which may not be what was meant.
    "INFINITE_VALUES": Severity.BLOCK,
    # A column that carries nothing is most often a broken feed; where it is not, data.exclude or
    # validation.allow says so for good.
    "CONSTANT": Severity.BLOCK,
    "ALL_MISSING": Severity.BLOCK,
    "DUPLICATED_COLUMN": Severity.BLOCK,
    "NOT_A_NUMBER": Severity.WARN,
    "PLACEHOLDER": Severity.WARN,
    "EXCLUDED_COLUMN_MISSING": Severity.WARN,
    "ENTITY_MISSING_VALUES": Severity.WARN,
    # TFDV: features are declared one by one, so a column more does no harm.
    "SCHEMA_NEW_COLUMN": Severity.WARN,
    "COMPARATOR_CONTROL_DATA_MISSING": Severity.WARN,
}

# No project may wave these through: without them there is nothing to judge.
NEVER_ALLOWED = frozenset({"STATISTICS_MISSING"})


def severity_of(kind: str) -> Severity:
    """Severity of a kind; one that is not in the table blocks."""
    return SEVERITY.get(kind, Severity.BLOCK)


def without_echoes(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings, less those of TFDV that say again that label, time or key is missing in some rows.

    One thing that is wrong is one finding, which the project accepts by one name.
    """
    found = tuple(findings)
    said = {finding.column for finding in found if finding.kind.endswith("_MISSING_VALUES")}
    return tuple(
        finding
        for finding in found
        if not (finding.kind == "FEATURE_TYPE_LOW_FRACTION_PRESENT" and finding.column in said)
    )
