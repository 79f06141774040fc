"""Conditions that do not mean what they say, or not everywhere."""

from __future__ import annotations

from phasegate.pipeline_lint.conditions import (
    Operand,
    broken_by_quote,
    comparisons,
    functions,
    inputs,
)
from phasegate.pipeline_lint.pipeline import Pipeline, Problem
from phasegate.pipeline_lint.rules.registry import ERROR, WARNING, Problems, rule

_EVERYWHERE = frozenset({"bool", "int"})


@rule(
    "PGP401",
    "bare-condition",
    WARNING,
    why="kfp.local resolves a condition's inputs from those of its graph: a bare dsl.If on a "
    "task's output is never true there, and the branch is skipped without a word.",
    fix="Add a dsl.Else, even one that only records the case: KFP then compiles a graph of "
    "branches, which runs everywhere.",
)
def bare_condition(pipeline: Pipeline) -> Problems:
    """A task runs on a condition on another's output, and there is no Else beside it."""
    for task in pipeline.tasks:
        if task.condition is None:
            continue
        sources = dict(task.sources("parameters"))
        outputs = [
            name
            for name in inputs(str(task.condition.value))
            if name in sources and sources[name].at("taskOutputParameter") is not None
        ]
        if outputs:
            producer = sources[outputs[0]].text("taskOutputParameter", "producerTask")
            yield Problem(task.condition, str(task), f"it runs on an output of {producer}, alone")


@rule(
    "PGP402",
    "quote-in-condition",
    ERROR,
    why="KFP writes the compared text between quotes as it is: a quote in it ends it, the "
    "condition cannot be evaluated, and neither branch runs.",
    fix="Compare with a text without quotes: have the producer put out a plain word.",
)
def quote_in_condition(pipeline: Pipeline) -> Problems:
    """A text that a condition compares has a quote in it."""
    for task in pipeline.tasks:
        if task.condition is not None and broken_by_quote(str(task.condition.value)):
            yield Problem(
                task.condition, str(task), f"the condition cannot be read: {task.condition.value}"
            )


@rule(
    "PGP403",
    "unknown-condition-input",
    ERROR,
    why="KFP cannot evaluate the condition, and the run fails.",
    fix="Pass the input to the task, or name one that is passed.",
)
def unknown_condition_input(pipeline: Pipeline) -> Problems:
    """A condition reads an input that its task does not have."""
    for task in pipeline.tasks:
        if task.condition is None or broken_by_quote(str(task.condition.value)):
            continue
        passed = {name for name, _ in task.sources("parameters")}
        for name in dict.fromkeys(inputs(str(task.condition.value))):
            if name not in passed:
                yield Problem(task.condition, str(task), f"no input {name} is passed to it")


@rule(
    "PGP404",
    "condition-types",
    ERROR,
    why="KFP passes every number as a double, and its conditions compare equal types only: 3 and "
    "'3', true and 'true', a double and a whole number are never equal, or an error.",
    fix="Compare with a literal of the parameter's type; cast whole numbers with int().",
)
def condition_types(pipeline: Pipeline) -> Problems:
    """A condition compares a parameter with a value of another type."""
    for task in pipeline.tasks:
        if task.condition is None or broken_by_quote(str(task.condition.value)):
            continue
        declared = task.component.inputs("parameters") if task.component is not None else {}
        kinds = {name: node.text("parameterType") for name, node in declared.items()}
        for left, right in comparisons(str(task.condition.value)):
            for parameter, other in ((left, right), (right, left)):
                kind = kinds.get(parameter.token.text)
                if parameter.token.kind == "input" and other.token.kind != "input" and kind:
                    wrong = _wrong(kind, parameter.cast, other)
                    if wrong:
                        what = f"{parameter.token.text} is {kind}, and {wrong}"
                        yield Problem(task.condition, str(task), what)


def _wrong(kind: str, cast: str, other: Operand) -> str | None:
    """What is wrong with comparing a parameter of a type with a literal."""
    if cast not in ("", "int", "double"):
        return None
    literal = other.token
    with_ = f"is compared with {literal.text}"
    match kind:
        case "NUMBER_INTEGER":
            if literal.kind != "number" or (other.cast == "double" and cast == "int"):
                return with_
            if cast == "int":
                return None if "." not in literal.text else with_
            whole = "." not in literal.text and other.cast != "double"
            return "is not cast with int()" if whole and not cast else None
        case "NUMBER_DOUBLE":
            if literal.kind != "number" or cast == "int":
                return with_
            return None if "." in literal.text or other.cast == "double" else with_
        case "BOOLEAN":
            return None if literal.text in ("true", "false") else with_
        case "STRING":
            return None if literal.kind == "text" or cast else with_
    return None


@rule(
    "PGP405",
    "condition-function",
    WARNING,
    why="The cluster evaluates conditions as CEL, kfp.local as Python: a function that one of them "
    "lacks makes the branch run in one place and not in the other.",
    fix="Compare a whole number or a word that a component puts out.",
)
def condition_function(pipeline: Pipeline) -> Problems:
    """A condition calls a function that kfp.local or the cluster does not have."""
    for task in pipeline.tasks:
        if task.condition is not None:
            for name in dict.fromkeys(functions(str(task.condition.value))):
                if name not in _EVERYWHERE:
                    yield Problem(task.condition, str(task), f"the condition calls {name}()")
