"""Command that looks for drift in any table: drift."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phasegate.cli.app import app
from phasegate.cli.console import err, out, print_json
from phasegate.cli.pipeline_commands import JsonOption
from phasegate.errors import BadInput, ExitCode

if TYPE_CHECKING:
    import pyarrow as pa

MOST_REFERENCE_ROWS = 5_000_000


@app.command()
def drift(
    data: Annotated[
        list[Path], typer.Argument(help="CSV or Parquet files, folders or globs; a Delta folder.")
    ],
    reference: Annotated[
        str, typer.Option(help="The first rows to compare with: a number, or a share below 1.")
    ] = "0.2",
    window: Annotated[int, typer.Option(min=2, help="Rows of a window.")] = 1000,
    time: Annotated[
        str, typer.Option(help="Column to sort by. [the order of files and rows]")
    ] = "",
    exclude: Annotated[
        list[str] | None, typer.Option(help="Column to leave out, any number of times.")
    ] = None,
    missing: Annotated[
        list[str] | None,
        typer.Option(help="Text that stands for a missing value in a CSV, any number of times."),
    ] = None,
    false_alarms: Annotated[
        float, typer.Option(min=0.0, help="Budget of false alarms in 30 windows without drift.")
    ] = 1.0,
    report: Annotated[
        Path | None, typer.Option("--output", "-o", help="File for the report, HTML.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Stream a table in order, and tell when it stops being what it was. No model needed.

    The first rows are the reference. The rest is cut into windows, each judged as it comes: by the
    distance of each column's distribution, and by channels of their own (missing values, unseen
    categories, values that are no numbers, columns that become constant, or stop being so). What
    drift-free windows differ by is measured among the reference rows themselves.

    Windows in a row with the same alarm are told once. A column that rises all the time, such as a
    date or a row number, drifts honestly: leave it out with --exclude.

    Example: half-hourly data by the day, against the first fifth of the table

        phasegate drift electricity.csv --window 48 --output drift.html
    """
    from phasegate.cli.progress import progress_bar
    from phasegate.monitoring.table.alarms import Episodes
    from phasegate.monitoring.table.page import drift_page
    from phasegate.monitoring.table.reading import open_table
    from phasegate.monitoring.table.stream import judged, watch

    name = ", ".join(one.name for one in data)
    left_out = set(exclude or ())
    with open_table(data, time=time, missing=missing or ()) as table:
        if unknown := left_out - set(table.columns):
            raise BadInput(f"there is no column {min(unknown)!r}", where="--exclude",
                           expected=f"columns of {name}: {', '.join(table.columns)}")  # fmt: skip
        count = _rows(reference, table.rows, window)
        kept = [one for one in table.columns if one not in left_out | {time}]
        pieces = (piece.select(kept) for piece in table.pieces())
        head, rest = _split(pieces, count)
        watched, episodes = watch(head, name, window, false_alarms), Episodes()
        with progress_bar() as bar:
            task = bar.add_task("", title="drift", total=table.rows)
            for one in judged(watched, rest):
                bar.update(task, completed=one.last, description=f"row {one.last:,}")
                for begun in episodes.add(one):
                    if not as_json:
                        said = f"rows {begun.first:,} to {begun.until:,}: {begun.alarm.reason}"
                        err.print(said, markup=False)
    if report:
        _write(report, drift_page(name, watched, episodes))
    if as_json:
        print_json(
            {
                "rows": table.rows,
                "reference_rows": watched.reference,
                "window_rows": window,
                "columns": [one.name for one in watched.profile.features],
                "windows": episodes.windows,
                "alerts": episodes.alarmed,
                "first": [one.to_json() for one in episodes.first().values()],
                "episodes": [one.to_json() for one in episodes.all()],
            }
        )
    else:
        out.print(
            f"{episodes.alarmed:,} of {episodes.windows:,} windows of {window:,} rows alert, held "
            f"against the first {watched.reference:,} rows" + (f"; see {report}" if report else ""),
            markup=False,
        )
    return ExitCode.BLOCKED if episodes.alarmed else ExitCode.PASSED


def _rows(text: str, rows: int, window: int) -> int:
    """Rows of the reference; those of a share are whole windows."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    is_share = 0 < number < 1
    if not is_share and not (number >= 1 and number.is_integer()):
        raise BadInput(f"'{text}' is no number of rows", where="--reference",
                       expected="a whole number, or a share between 0 and 1")  # fmt: skip
    count = int(rows * number) // window * window if is_share else int(number)
    if count > MOST_REFERENCE_ROWS:
        raise BadInput(
            f"{count:,} reference rows are more than are held in memory", where="--reference",
            expected=f"at most {MOST_REFERENCE_ROWS:,}", fix="give a number of rows",
        )  # fmt: skip
    if count >= rows:
        raise BadInput(f"{count:,} reference rows of {rows:,} leave none to look at",
                       where="--reference")  # fmt: skip
    return count


def _split(pieces: Iterator[pa.Table], count: int) -> tuple[pa.Table, Iterable[pa.Table]]:
    """The first rows, and the rest as it comes."""
    import pyarrow as pa

    held, have = [], 0
    for piece in pieces:
        held.append(piece)
        have += len(piece)
        if have >= count:
            break
    rows = pa.concat_tables(held)

    def rest() -> Iterator[pa.Table]:
        yield rows.slice(count)
        yield from pieces

    return rows.slice(0, count), rest()


def _write(path: Path, html: str) -> None:
    try:
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"the report cannot be written ({error.strerror})", where=str(path)
        ) from None
