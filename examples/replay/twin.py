"""What would have been: the first model, left alone, asked the same requests.

A process in the environment that has XGBoost scores files of requests with the model's bytes, as
the model's server does; that both give the same answers is what `validate_serving` checks before
any model is registered.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
from pathlib import Path
from typing import Self

from phasegate.errors import BadInput
from phasegate.local.environments import ROOT, environment
from phasegate.local.serving.models import ServedModel


class Twin:
    """A model that nobody watches, within the ``with`` body.

    Args:
        model: whose bytes decide.
        folder: gets its log.
    """

    def __init__(self, model: ServedModel, folder: Path) -> None:
        self._model, self._log = model, folder / "twin.log"

    def __enter__(self) -> Self:
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [
                    environment("core").python, "-m", "examples.replay.decisions",
                    self._model.folder, self._model.digest,
                ],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        if self._process.stdout:
            self._process.stdout.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def decide(self, requests: Path, decisions: Path) -> None:
        """Write what the model decides: a Parquet file of ``transaction_id`` and ``decision``.

        Raises:
            BadInput: it ended.
        """
        assert self._process.stdin
        assert self._process.stdout
        line = json.dumps({"requests": str(requests), "decisions": str(decisions)})
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
            answered = self._process.stdout.readline()
        except BrokenPipeError:
            answered = ""
        if not answered:
            raise BadInput("the process that scores for comparison has ended", where=str(self._log))
