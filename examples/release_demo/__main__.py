"""`make release-demo`: from a shadow to promotion, and what becomes of challengers that are bad."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from datetime import date
from pathlib import Path

from examples.production.production import Production
from examples.release_demo import view
from examples.release_demo.journey import travel
from examples.release_demo.outcome import Outcome, outcome_of, unrecorded
from examples.release_demo.scenarios import CHAMPION, SCENARIOS, Scenario
from examples.release_demo.tables import Tables
from examples.release_demo.training import PROJECT, Trained, train
from examples.release_demo.witness import Witness
from phasegate.cli.console import out, print_error
from phasegate.errors import BadInput, ExitCode
from phasegate.local.environments import environment
from phasegate.local.serving.models import ServedModel, fetch_models
from phasegate.local.tracking_server import tracking_variables
from phasegate.local.workspace import Workspace
from phasegate.project.load import load_project
from phasegate.registry import aliases
from phasegate.registry.models import CHAMPION as ALIAS
from phasegate.release.policy_section import policy_of
from phasegate.release.record import Status
from phasegate.server_process import ServerFailure

WORKSPACE = Path(".phasegate/release-demo")
START, TRAINING_DAYS, LIVE_DAYS, CUSTOMERS, SEED = date(2025, 3, 1), 40, 40, 3000, 7


def main() -> int:
    """Train the models, let each challenger travel, and say whether all ended as they must."""
    options = _options()
    chosen = [one for one in SCENARIOS if options.scenario in (None, one.name)]
    try:
        for name in ("core", "tfdv", "drift"):
            environment(name).require_current()
        return _run(options.workspace.resolve(), chosen, keep=options.keep)
    except BadInput as error:
        print_error(error)
        return ExitCode.BAD_INPUT
    except ServerFailure as error:
        print_error(error)
        return ExitCode.INTERNAL
    except KeyboardInterrupt:
        return 130


def _run(workspace: Path, chosen: list[Scenario], *, keep: bool) -> int:
    began = time.monotonic()
    tables = Tables(workspace / "data", START, TRAINING_DAYS, LIVE_DAYS)
    view.say(f"simulating {TRAINING_DAYS} days to train on and {LIVE_DAYS} to live through")
    tables.write(CUSTOMERS, SEED)
    tables.write_features(load_project(PROJECT))
    place = Workspace(workspace)
    with tracking_variables(place) as variables:
        os.environ.update(variables)
        view.print_title("models, each through the whole training pipeline")
        trained = train([CHAMPION], tables, workspace, view.say)
        _let_be_champion(trained[CHAMPION.name].reference)
        trained |= train([one.recipe for one in chosen], tables, workspace, view.say)
        served = _served(trained, place)
        with _production(workspace, served[CHAMPION.name], tables) as production:
            outcomes = _travel(workspace, production, tables, chosen, trained, served)
            view.print_outcomes(outcomes)
            flawless = not any(outcome.flaws for outcome in outcomes)
            took = f"{time.monotonic() - began:.0f} seconds in all"
            out.print(f"\n{'all ended as they must' if flawless else 'NOT as it must be'}; {took}")
            if keep:
                view.say(f"{production.inputs.url} goes on serving; Ctrl-C ends it")
                _wait()
    return ExitCode.PASSED if flawless else ExitCode.BLOCKED


def _production(workspace: Path, champion: ServedModel, tables: Tables) -> Production:
    return Production(workspace, champion, tables.live_from, view.say)


def _travel(
    workspace: Path,
    production: Production,
    tables: Tables,
    chosen: list[Scenario],
    trained: dict[str, Trained],
    served: dict[str, ServedModel],
) -> list[Outcome]:
    """One release after the other, each against whoever is champion by then."""
    project = load_project(workspace / "models" / CHAMPION.name / PROJECT.name)
    policy = policy_of(project.sections, project.name)
    outcomes: list[Outcome] = []
    champion = first = CHAMPION.name
    with Witness(production.world.target) as witness:
        for scenario in chosen:
            challenger = scenario.recipe.name
            view.print_scenario(scenario, trained[challenger], trained[champion])
            models = served[champion], served[challenger]
            journey = travel(production, scenario, models, policy, tables, view.print_day)
            view.print_end(journey)
            outcomes.append(outcome_of(production, journey, workspace / "reports"))
            if journey.end.record.status is Status.PROMOTED:
                champion, challenger = challenger, champion
            production.withdraw(served[challenger])
    view.say(f"the proxy was looked at {witness.looks:,} times, in {len(witness.seen)} states")
    entries = production.releases.entries(production.name)
    strange = unrecorded(witness.unrecorded(served[first].digest[:12], entries))
    return [*outcomes[:-1], outcomes[-1].with_flaws(strange)]


def _served(trained: dict[str, Trained], place: Workspace) -> dict[str, ServedModel]:
    references = [one.reference for one in trained.values()]
    found = fetch_models(references, place, place.folder / "serving" / "models")
    return dict(zip(trained, found, strict=True))


def _let_be_champion(reference: str) -> None:
    """What an earlier demo has promoted steps back."""
    name, _, version = reference.rpartition("/")
    aliases.connect().point(name, ALIAS, int(version))


def _wait() -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(1.0):  # a wait without end would not let the signal in
        pass


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="release_demo", description=__doc__)
    parser.add_argument(
        "--scenario", choices=[one.name for one in SCENARIOS], help="only this one; all by default"
    )
    parser.add_argument(
        "--keep", action="store_true", help="go on serving afterwards, to look around; Ctrl-C ends"
    )
    parser.add_argument(
        "--workspace", type=Path, default=WORKSPACE,
        help="folder of everything; models that it has are not trained again",
    )  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
