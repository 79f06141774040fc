"""What the command says: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console

_PIPED_WIDTH = 140

out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)
# Bound to the stream itself: a run redirects what kfp prints, not what we say about it.
err = Console(file=sys.stderr, soft_wrap=True, highlight=False)

OUTCOME_STYLES = {"PASS": "bold green", "BLOCK": "bold red", "INCONCLUSIVE": "bold yellow"}


def print_json(value: Any) -> None:
    """Write one JSON document to standard output."""
    out.print(json.dumps(value, indent=2, ensure_ascii=False), markup=False)


def styled_outcome(outcome: str) -> str:
    """An outcome in its colour."""
    style = OUTCOME_STYLES.get(outcome, "bold")
    return f"[{style}]{outcome}[/]"


def print_error(error: Exception) -> None:
    """One message, no traceback."""
    err.print("[bold red]error:[/] ", end="")
    err.print(str(error), markup=False)
