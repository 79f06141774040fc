"""What the project file says about evaluation, checked where its parts depend on each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from phasegate.errors import BadInput
from phasegate.evaluation.fairness import FAIRNESS_METRICS
from phasegate.evaluation.gates import Gate
from phasegate.evaluation.measures import RANKING_METRICS, WORST_SLICE
from phasegate.evaluation.metrics import Values


@dataclass(frozen=True)
class Settings:
    """Sections `evaluation`, `data`, `split` and `training`, as far as evaluation needs them.

    Attributes:
        unit: what the bootstrap draws, row or entity.
        slice_columns: raw columns to measure by.
        protected: those whose groups must be treated alike.
        ranked: those whose slices some gate wants ranked.
    """

    replicates: int
    confidence: float
    unit: str
    seed: int
    threads: int
    values: Values
    minimum_slice: int
    gates: tuple[Gate, ...]
    slice_columns: tuple[str, ...]
    protected: tuple[str, ...]
    ranked: tuple[str, ...]
    split: Mapping[str, Any]
    data: Mapping[str, Any]

    @classmethod
    def parse(
        cls,
        evaluation: Mapping[str, Any],
        data: Mapping[str, Any],
        split: Mapping[str, Any],
        training: Mapping[str, Any],
    ) -> Self:
        """From sections of a validated project file, defaults filled in.

        Raises:
            BadInput: when a gate needs a column to divide by and has none, or the reverse, or the
                bootstrap draws entities that the data do not have.
        """
        bootstrap, gates = evaluation["bootstrap"], tuple(evaluation["gates"])
        for position, gate in enumerate(gates):
            _check_gate(gate, f"evaluation.gates[{position}]")
        if bootstrap["unit"] == "entity" and not data.get("entity"):
            raise BadInput(
                "the bootstrap draws entities, and the data have none",
                where="evaluation.bootstrap.unit",
                expected="row, or a column in data.entity",
            )
        by_fairness = [gate["by"] for gate in gates if gate["metric"] in FAIRNESS_METRICS]
        protected = _distinct([*data["protected"], *by_fairness])
        by_gates = [gate["by"] for gate in gates if gate.get("by")]
        return cls(
            replicates=bootstrap["replicates"],
            confidence=bootstrap["confidence"],
            unit=bootstrap["unit"],
            seed=training["seed"],
            threads=training["threads"],
            values=Values.from_json(evaluation["value"]),
            minimum_slice=evaluation["minimum_slice"],
            gates=gates,
            slice_columns=_distinct([*protected, *evaluation["slices"], *by_gates]),
            protected=protected,
            ranked=_distinct(
                gate["by"]
                for gate in gates
                if gate["metric"].removeprefix(WORST_SLICE) in RANKING_METRICS and gate.get("by")
            ),
            split=split,
            data=data,
        )


def _check_gate(gate: Gate, where: str) -> None:
    metric = gate["metric"]
    divided = metric in FAIRNESS_METRICS or metric.startswith(WORST_SLICE)
    if divided and not gate.get("by"):
        raise BadInput(
            f"{metric} compares slices, and the gate does not say of what",
            where=where,
            expected="the name of a column in 'by'",
        )
    if gate.get("by") and not divided:
        raise BadInput(
            f"{metric} is measured on all rows, and cannot be divided by {gate['by']}",
            where=where,
            expected=f"a fairness metric or {WORST_SLICE}... with 'by'",
            fix=f"use {WORST_SLICE}{metric}, or leave out 'by'",
        )


def _distinct(names: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
