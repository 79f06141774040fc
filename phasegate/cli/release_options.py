"""Options that commands on releases share, and what is made of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phasegate.errors import BadInput
from phasegate.traffic.addresses import FORMS

if TYPE_CHECKING:
    from phasegate.release.policy import Policy

NameArgument = Annotated[
    str, typer.Argument(metavar="[NAME]", help="Model; needed where there are several.")
]
TargetOption = Annotated[
    str,
    typer.Option(
        "--target",
        envvar="PHASEGATE_TARGET",
        help=f"Where traffic is: {FORMS}. \\[what is served here]",
    ),
]
StoreOption = Annotated[
    str,
    typer.Option(
        envvar="PHASEGATE_STORE",
        help="Store of releases: a folder or gs:// address; needed with --target. "
        "\\[workspace/store]",
    ),
]
LogOption = Annotated[
    str,
    typer.Option(
        help="Store of the prediction log. \\[that of whoever serves the model; with --target, "
        "the store]"
    ),
]
FlagsOption = Annotated[
    str,
    typer.Option(
        envvar="PHASEGATE_FLAGS",
        help="Kill switch: file in flagd's format, or module:factory of an OpenFeature provider. "
        "\\[workspace/flags.json; with --target, none]",
    ),
]
PolicyOption = Annotated[
    Path | None, typer.Option("--project", help="Project file, whose release section holds.")
]
NowOption = Annotated[
    str,
    typer.Option("--now", help="Event time, ISO 8601, in a replay of the past. \\[the clock]"),
]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Why, for the audit log; at least 10 characters.")
]


def event_time(text: str, option: str = "--now") -> datetime:
    """The event time of an option, or the clock's.

    Raises:
        BadInput: it is no time.
    """
    from phasegate.clock import now, time_of

    return time_of(text, option) if text else now()


def event_clock(text: str) -> Callable[[], datetime]:
    """Event time that begins at an option's and runs on with the clock; or the clock itself.

    Raises:
        BadInput: it is no time.
    """
    from phasegate.clock import now

    if not text:
        return now
    begun, begins = time.monotonic(), event_time(text)
    return lambda: begins + timedelta(seconds=time.monotonic() - begun)


def policy_in(project: Path | None) -> Policy | None:
    """The rules of a project file; None where none is named.

    Raises:
        BadInput: it is no valid project file.
    """
    if project is None:
        return None
    try:
        from phasegate.project.load import load_project
    except ModuleNotFoundError as error:
        raise BadInput(
            f"project files cannot be read in this environment, which has no {error.name}",
            where=str(project),
            expected="environment author, or component release_step, which takes the rules as JSON",
        ) from None
    return load_project(project).policy()
