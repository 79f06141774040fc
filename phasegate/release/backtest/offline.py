"""A model's answers to past requests, worked out by the environment that has XGBoost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from phasegate.digests import digest_file
from phasegate.errors import BadInput, ExitCode
from phasegate.local.environments import environment
from phasegate.local.serving.models import ServedModel
from phasegate.local.steps import StepProcess
from phasegate.models import Model
from phasegate.progress import Progress

_MODULE = "phasegate.release.backtest.score"


def offline_scores(
    model: ServedModel,
    files: Sequence[Path],
    cache: Path,
    progress: Progress,
    sensitive: Mapping[str, str] | None = None,
) -> list[Path]:
    """A table of score and decision for each file, row by row; see `score.score_table`.

    Scores are kept under the digests of model and file: asking again costs nothing.

    Args:
        model: who scores.
        files: stored tables of the prediction log, or of a feature set.
        cache: folder that keeps scores.
        progress: told how far it is.
        sensitive: column -> ``hash`` or ``drop``: what the log does not have as it was.

    Raises:
        BadInput: the files do not have what the model reads.
    """
    for file in files:
        _check_inputs(model, file, sensitive or {})
    place = cache / model.digest[:16]
    targets = [place / f"{digest_file(file)}.parquet" for file in files]
    missing = {
        target: file for file, target in zip(files, targets, strict=True) if not target.is_file()
    }
    if missing:
        _run(model, missing, place, progress)
    return targets


def _run(model: ServedModel, missing: Mapping[Path, Path], place: Path, progress: Progress) -> None:
    core = environment("core")
    core.require_current()
    arguments = ["--model", str(model.folder), "--digest", model.digest]
    for target, file in missing.items():
        arguments += ["--table", str(file), str(target)]
    log = place / "score.log"
    done = StepProcess(_MODULE, core).run(arguments, {}, log, progress)
    if done.code != ExitCode.PASSED:
        raise BadInput(
            done.error or f"scoring ended with exit code {done.code}: {' '.join(done.tail[-1:])}",
            where=model.reference,
            fix=None if done.error else f"see {log}",
        )


def _check_inputs(model: ServedModel, file: Path, sensitive: Mapping[str, str]) -> None:
    """The file has each input of the model, as it was when the request came."""
    schema = pq.read_schema(file)
    if "features" in schema.names:
        schema = pa.schema(list(schema.field("features").type))
    inputs = Model.load(model.folder, model.digest).inputs
    texts = {field.name for field in schema if pa.types.is_string(field.type)}
    absent = [one.name for one in inputs if one.name not in schema.names]
    concealed = [
        one.name
        for one in inputs
        if one.name in sensitive or (one.kind == "numeric" and one.name in texts)
    ]
    if dropped := [name for name in absent if sensitive.get(name) == "drop"]:
        what = f"is logged without {_listed(dropped)}, which serving.log.sensitive drops"
    elif absent:
        what = f"does not have {_listed(absent)}"
    elif concealed:
        what = f"has only hashes of {_listed(concealed)}, which serving.log.sensitive asks for"
    else:
        return
    raise BadInput(
        f"the past traffic {what}, and {model.reference} reads it",
        where=str(file),
        expected=f"the {len(inputs)} inputs of the model",
        fix="give the feature set of a run as past traffic: phasegate backtest --traffic FOLDER",
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
