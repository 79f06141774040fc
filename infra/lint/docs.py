"""The tables of variables and outputs in each README."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from infra.lint.context import finding
from infra.lint.hcl.tree import Literal
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
        required = [one for one in module.variables.values() if _default(one) == ""]
        others = [one for one in module.variables.values() if _default(one) != ""]
        lines += [_variable_row(module, one) for one in [*required, *others]]
    if module.outputs:
        lines += ["", "| output | what it is |", "|---|---|"] if lines else []
        lines += [
            f"| `{one.name}`{_mark(one)} | {_description(one)} |" for one in module.outputs.values()
        ]
    return "\n".join(lines)


def _variable_row(module: Module, placed: Placed) -> str:
    kind = _cell(_source(module, placed, "type"))
    default = _default(placed)
    written = _cell(_source(module, placed, "default")) if default else "required"
    return f"| `{placed.name}`{_mark(placed)} | {kind} | {written} | {_description(placed)} |"


def _default(placed: Placed) -> str:
    return "set" if placed.block.body.argument("default") is not None else ""


def _mark(placed: Placed) -> str:
    hidden = placed.block.body.value("sensitive")
    return " (sensitive)" if isinstance(hidden, Literal) and hidden.value is True else ""


def _description(placed: Placed) -> str:
    value = placed.block.body.value("description")
    text = str(value.value) if isinstance(value, Literal) else ""
    return " ".join(text.split()).replace("|", "\\|")


def _cell(code: str) -> str:
    return "`" + code.replace("|", "\\|") + "`" if code else ""


def _source(module: Module, placed: Placed, name: str) -> str:
    """An argument as it is written, on one line, without its comments."""
    argument = placed.block.body.argument(name)
    if argument is None:
        return ""
    document = next(one for one in module.documents if one.name == placed.file)
    following = [
        one.line
        for one in (*placed.block.body.arguments, *placed.block.body.blocks)
        if one.line > argument.line
    ]
    end = min([*following, placed.block.last]) - 1
    end = max(end, argument.line)
    lines = document.lines[argument.line - 1 : end]
    text = " ".join(re.sub(r"\s#.*$", "", f" {line}").strip() for line in lines).strip()
    text = text.partition("=")[2].strip()
    if argument.line == placed.block.line:
        text = text.rstrip("} ")
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"([({\[]) (?=\S)", lambda m: m[0] if m[1] == "{" else m[1], text)
    return re.sub(r",? ([)\]])", r"\1", text)


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
