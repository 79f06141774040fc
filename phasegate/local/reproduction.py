"""Run the reproduction pipeline here, in today's environment or in the one of the model's lock."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest import mock

from phasegate.contracts import Judgement
from phasegate.errors import BadInput
from phasegate.local.environments import Environment, environment, recorded_environment
from phasegate.local.run import Observer, run_pipeline
from phasegate.local.tracking_server import tracking_variables
from phasegate.local.workspace import Workspace


def reproduce_model(
    compiled: Path,
    model: str,
    against: str,
    *,
    workspace: Workspace,
    observer: Observer,
    recorded_lock: bool,
) -> Judgement:
    """Make a registered model again and say whether it is the same, and if not, why.

    Args:
        compiled: the reproduction pipeline's YAML.
        model: NAME@ALIAS or NAME/VERSION.
        against: sections of a project as JSON, or an empty string.
        workspace: the workspace that holds store and registry.
        observer: told how the step goes.
        recorded_lock: build the environment from the lock that was recorded with the model.

    Raises:
        BadInput: when there is no such model, or the step failed.
    """
    with tracking_variables(workspace) as variables:
        environments: Callable[[str], Environment] = environment
        if recorded_lock:
            rebuilt = recorded_environment(_recorded_lock(model, variables))
            rebuilt.build()
            environments = lambda _: rebuilt  # noqa: E731
        record, _ = run_pipeline(
            compiled,
            {"model": model, "against": against},
            project="reproduce",
            workspace=workspace,
            variables=variables,
            observer=observer,
            use_cache=False,
            environments=environments,
        )
    step = record.step("reproduce")
    if step is None or "verdict" not in step.outputs:
        raise BadInput(record.error)
    return Judgement.from_json((Path(step.outputs["verdict"]["uri"]) / "verdict.json").read_bytes())


def _recorded_lock(model: str, variables: Mapping[str, str]) -> str:
    from phasegate.registry import models

    # MLflow's client takes the address from the environment in more places than it takes arguments.
    with (
        mock.patch.dict(os.environ, variables),
        tempfile.TemporaryDirectory() as folder,
    ):
        registry = models.connect()
        downloaded = registry.download(registry.resolve(model), Path(folder))
        return (downloaded / "provenance" / "lock.txt").read_text(encoding="utf-8")
