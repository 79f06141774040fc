"""What a local run did, step by step, kept beside its outputs."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from phasegate.errors import BadInput

RECORD = "run.json"


class State(StrEnum):
    """State of a step or of a run."""

    RUNNING = "running"
    DONE = "done"
    REUSED = "reused"
    FAILED = "failed"


@dataclass
class StepRecord:
    """One step.

    Attributes:
        name: its name in the pipeline.
        state: how it stands.
        seconds: wall-clock it took.
        outputs: output parameters, and artifacts as ``{"uri": ..., "metadata": {...}}``.
        log: file with all it printed; empty for a reused step.
        error: one line that says what went wrong; empty if nothing did.
        tail: last lines of the log of a failed step.
    """

    name: str
    state: State = State.RUNNING
    seconds: float = 0.0
    outputs: dict[str, Any] = field(default_factory=dict)
    log: str = ""
    error: str = ""
    tail: tuple[str, ...] = ()

    def verdict(self) -> dict[str, Any] | None:
        """Metadata of the step's verdict, if it gave one."""
        for value in self.outputs.values():
            if isinstance(value, dict) and "outcome" in value["metadata"]:
                return value["metadata"]
        return None


@dataclass
class RunRecord:
    """One run of a pipeline.

    Attributes:
        name: identifier of the run, which is also its folder's name.
        pipeline: name of the pipeline.
        project: name of the model.
        state: how it stands.
        code: exit code of the command.
        steps: in the order in which they began.
        error: why it failed, if it did.
    """

    name: str
    pipeline: str
    project: str
    state: State = State.RUNNING
    code: int = 0
    steps: list[StepRecord] = field(default_factory=list)
    error: str = ""

    def step(self, name: str) -> StepRecord | None:
        """The latest step of that name."""
        return next((step for step in reversed(self.steps) if step.name == name), None)

    def failed(self) -> StepRecord | None:
        """The first step that failed and was not run again with success."""
        lasting = {step.name: step for step in self.steps if step.state is not State.RUNNING}
        failed = (step for step in lasting.values() if step.state is State.FAILED)
        return next(failed, None)

    def blocked(self) -> StepRecord | None:
        """The step whose verdict stopped the run, if one did."""
        for step in self.steps:
            verdict = step.verdict()
            if verdict and verdict["outcome"] != "PASS":
                return step
        return None

    def save(self, folder: Path) -> None:
        """Write the record, whole or not at all."""
        temporary = folder / f".{RECORD}.{os.getpid()}"
        temporary.write_text(json.dumps(dataclasses.asdict(self), indent=1), encoding="utf-8")
        temporary.replace(folder / RECORD)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a run's record.

        Raises:
            BadInput: when the folder holds none.
        """
        try:
            value = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise BadInput("holds no run", where=str(folder)) from None
        steps = [
            StepRecord(**{**step, "state": State(step["state"]), "tail": tuple(step["tail"])})
            for step in value.pop("steps")
        ]
        return cls(**{**value, "state": State(value["state"])}, steps=steps)
