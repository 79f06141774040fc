"""Commands on data: init, simulate."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from phasegate.cli.app import app
from phasegate.cli.console import out, print_json
from phasegate.errors import BadInput, ExitCode


@app.command()
def init(
    data: Annotated[Path, typer.Argument(help="CSV or Parquet file, folder, glob or Delta table.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Project file to write.")] = Path(
        "project.yaml"
    ),
    name: Annotated[str, typer.Option(help="Name of the model; from the data's by default.")] = "",
    label: Annotated[str, typer.Option(help="Column to predict; found by default.")] = "",
    time: Annotated[str, typer.Option(help="Column of event time; found by default.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> int:
    """Look at a table and write a commented project file for it.

    Finds types, missing-value markers, and candidates for time, key, entity and label.
    """
    from phasegate.project.draft import project_yaml
    from phasegate.project.inspection import inspect_table

    if output.exists() and not force:
        raise BadInput("exists already", where=str(output), fix="use --force to overwrite it")
    inspection = inspect_table([data], label=label or None, time=time or None)
    is_relative = not data.is_absolute()
    source = os.path.relpath(data, output.resolve().parent) if is_relative else str(data)
    output.write_text(project_yaml(inspection, name or data.stem, source), encoding="utf-8")
    out.print(f"wrote {output}; read it, then: phasegate run {output}", markup=False)
    return ExitCode.PASSED


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(help="Folder to write Parquet files to.")],
    start: Annotated[str, typer.Option(help="First day; by default so that it ends today.")] = "",
    days: Annotated[int, typer.Option(help="Days to simulate.")] = 120,
    customers: Annotated[int, typer.Option(help="Card holders.")] = 5000,
    terminals: Annotated[int, typer.Option(help="Terminals.")] = 1000,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 7,
    change: Annotated[
        list[str] | None,
        typer.Option(
            help="What goes wrong, any number of times: drift@2026-03-01:days=60,factor=1.8, "
            "bug@2026-04-10:kind=cents,days=5, concept@2026-05-01"
        ),
    ] = None,
    threads: Annotated[int, typer.Option(help="Days made at once; changes no byte.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> int:
    """Simulate card transactions with fraud, delayed labels, drift and bugs. Not real data.

    Customers, terminals, amounts and several fraud scenarios, streamed to Parquet.
    """
    from phasegate.cli.progress import progress_bar
    from phasegate.simulation.changes import parse_change
    from phasegate.simulation.configuration import Simulation
    from phasegate.simulation.writer import write

    simulation = Simulation(
        start=_first_day(start, days),
        days=days,
        customers=customers,
        terminals=terminals,
        seed=seed,
        changes=tuple(parse_change(text) for text in change or ()),
    )
    with progress_bar() as bar:
        task = bar.add_task("", title="simulate", total=1.0)
        written = write(
            simulation,
            folder,
            progress=lambda share, message: bar.update(task, completed=share, description=message),
            threads=threads,
        )
    if as_json:
        print_json({"rows": written.rows, "frauds": written.frauds, "bytes": written.bytes,
                    "files": [str(path) for path in written.files]})  # fmt: skip
    else:
        out.print(
            f"simulated {written.rows:,} transactions, {written.frauds:,} fraudulent, in "
            f"{len(written.files)} files ({written.bytes / 1e6:.1f} MB) in {folder}",
            markup=False,
        )
    return ExitCode.PASSED


def _first_day(text: str, days: int) -> date:
    if not text:
        return datetime.now(UTC).date() - timedelta(days=days)
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise BadInput(f"'{text}' is not a day", where="--start", expected="YYYY-MM-DD") from None
