"""The model card that MLflow shows beside a version."""

from __future__ import annotations

from collections.abc import Sequence

from phasegate.contracts import Judgement, Provenance, TrainedModel


def model_card(model: TrainedModel, provenance: Provenance, judgements: Sequence[Judgement]) -> str:
    """Markdown: what the model is, what it was made from, and what each gate saw."""
    return "\n".join(
        [
            f"# {model.name}",
            "",
            f"Decides 1 at a probability of {model.threshold:.6g} or more. "
            f"Trained on {model.rows:,} rows.",
            "",
            "| made from | |",
            "|---|---|",
            f"| model (sha256) | `{model.digest}` |",
            f"| data snapshot | `{model.snapshot_digest}` |",
            f"| feature set | `{model.features_digest}` |",
            f"| feature definitions | `{model.definitions_digest}` |",
            f"| git commit | `{provenance.git_commit}` |",
            f"| MLflow run | `{model.run_id}` |",
            *(line for judgement in judgements for line in _gate(judgement)),
            "",
            f"Make it again, byte for byte: `phasegate reproduce {model.name}/VERSION`.",
        ]
    )


def _gate(judgement: Judgement) -> list[str]:
    rows = [
        f"| {_cell(check.name)} | {check.outcome} | {_cell(check.observed)} "
        f"| {_cell(check.required)} |"
        for check in judgement.checks
    ]
    return [
        "",
        f"## {judgement.gate}: {judgement.outcome}",
        "",
        "| check | outcome | observed | required |",
        "|---|---|---|---|",
        *rows,
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
