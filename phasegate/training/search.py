"""Look for better hyperparameters within a budget, with Optuna's seeded TPE sampler."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from phasegate.progress import Progress, no_progress
from phasegate.training.fit import Trainer, check_parameters

if TYPE_CHECKING:
    import optuna


def search_parameters(
    trainer: Trainer,
    training: Mapping[str, Any],
    progress: Progress = no_progress,
    *,
    any_of: Callable[[bool], bool] | None = None,
) -> dict[str, Any]:
    """The parameters of the trial with the best validation PR-AUC.

    Trials are seeded, and a budget of seconds may still end the search after more or fewer of
    them. So the outcome is recorded in a model's provenance, and a model is reproduced from
    that without searching again.

    Args:
        training: training section of the project; `parameters` hold where `search.space` does not.
        any_of: whether something is so for any of the workers that search together, of which
            each has another clock; None: there are no others.

    Returns:
        All parameters, searched and not.

    Raises:
        BadInput: on a parameter that XGBoost refuses.
    """
    import optuna

    budget, fixed = training["search"], dict(training["parameters"])
    check_search(training)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=training["seed"])
    )

    def average_precision(trial: optuna.Trial) -> float:
        suggested = {
            name: _suggest(trial, name, span) for name, span in sorted(budget["space"].items())
        }
        return trainer.fit({**fixed, **suggested}).best

    def report(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        done, best = trial.number + 1, study.best_value
        progress(
            done / budget["trials"],
            f"trial {done} of {budget['trials']}, best PR-AUC {best:.4f}",
        )

    started = time.monotonic()

    def stop_together(study: optuna.Study, _trial: optuna.trial.FrozenTrial) -> None:
        if any_of is not None and any_of(time.monotonic() - started > budget["seconds"]):
            study.stop()

    study.optimize(
        average_precision,
        budget["trials"],
        timeout=budget["seconds"] if any_of is None else None,
        callbacks=[report, stop_together],
    )
    return {**fixed, **study.best_params}


def check_search(training: Mapping[str, Any]) -> None:
    """Refuse a search space whose parameters XGBoost refuses.

    Args:
        training: training section of the project.

    Raises:
        BadInput: see `check_parameters`.
    """
    space = training["search"]["space"]
    least = {name: _least(span) for name, span in space.items()}
    check_parameters({**training["parameters"], **least})


def _suggest(trial: optuna.Trial, name: str, span: Mapping[str, Any]) -> int | float:
    ((kind, (low, high)),) = span.items()
    if kind == "int":
        return trial.suggest_int(name, low, high)
    return trial.suggest_float(name, low, high, log=kind == "log")


def _least(span: Mapping[str, Any]) -> int | float:
    ((_, (low, _)),) = span.items()
    return low
