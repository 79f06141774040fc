"""The tables of variables and outputs in each README."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from infra.lint.context import finding
from infra.lint.hcl.tree import Expression, Literal
from infra.lint.hcl.writing import written
from infra.lint.modules import Kind, Module, Placed, Tree, shown
from infra.lint.rules.catalogue import error
from phasegate.linting.finding import Finding

BEGIN = "<!-- tables: begin -->"
END = "<!-- tables: end -->"

NO_MARKERS = error(
    "701",
    "no-table",
    "A README has no place for the tables of its variables and outputs.",
    why="A table that is kept by hand is wrong after the next change.",
    fix=f"Write the lines {BEGIN} and {END}, then run 'python -m infra.lint docs'.",
)
STALE = error(
    "702",
    "stale-table",
    "The tables in a README do not say what the files say.",
    why="Who reads it sets what is not there, or misses what is.",
    fix="Run 'python -m infra.lint docs'.",
)


def tables(module: Module) -> str:
    """Tables of a module's variables and outputs, as Markdown."""
    lines: list[str] = []
    if module.variables:
        lines += ["| variable | type | default | what it is |", "|---|---|---|---|"]
        rows = sorted(module.variables.values(), key=lambda one: not _is_required(one))
        lines += [_variable_row(one) for one in rows]
    if module.outputs:
        lines += ["", "| output | what it is |", "|---|---|"] if lines else []
        lines += [
            f"| `{one.name}`{_mark(one)} | {_description(one)} |" for one in module.outputs.values()
        ]
    return "\n".join(lines)


def _variable_row(placed: Placed) -> str:
    kind, default = placed.block.body.value("type"), placed.block.body.value("default")
    cells = (
        f"`{placed.name}`{_mark(placed)}",
        _code(kind) if kind is not None else "",
        _code(default) if default is not None else "required",
        _description(placed),
    )
    return f"| {' | '.join(cells)} |"


def _is_required(placed: Placed) -> bool:
    return placed.block.body.argument("default") is None


def _mark(placed: Placed) -> str:
    hidden = placed.block.body.value("sensitive")
    return " (sensitive)" if isinstance(hidden, Literal) and hidden.value is True else ""


def _description(placed: Placed) -> str:
    value = placed.block.body.value("description")
    text = str(value.value) if isinstance(value, Literal) else ""
    return " ".join(text.split()).replace("|", "\\|")


def _code(expression: Expression) -> str:
    return "`" + written(expression).replace("|", "\\|") + "`"


def readmes(tree: Tree) -> Iterator[tuple[Module, Path]]:
    """Modules and roots that have a README."""
    for module in tree.modules.values():
        if module.kind is not Kind.EXAMPLE and (module.path / "README.md").is_file():
            yield module, module.path / "README.md"


def problems(tree: Tree) -> Iterator[Finding]:
    """READMEs whose tables are missing or wrong."""
    for module, path in readmes(tree):
        text = path.read_text(encoding="utf-8")
        if BEGIN not in text or END not in text.partition(BEGIN)[2]:
            what = "there are no markers for its tables"
            yield finding(NO_MARKERS, shown(path), 1, module.name, what)
            continue
        if filled(text, module) != text:
            line = text[: text.index(BEGIN)].count("\n") + 1
            what = "its tables are not what the files say"
            yield finding(STALE, shown(path), line, module.name, what)


def filled(text: str, module: Module) -> str:
    """A README with its tables as they should be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables(module)}\n{END}{after}"


def write(tree: Tree) -> list[str]:
    """Write all tables that have markers; names of the files that changed."""
    changed = []
    for module, path in readmes(tree):
        text = path.read_text(encoding="utf-8")
        if BEGIN not in text or END not in text.partition(BEGIN)[2]:
            continue
        wanted = filled(text, module)
        if wanted != text:
            path.write_text(wanted, encoding="utf-8")
            changed.append(shown(path))
    return changed
