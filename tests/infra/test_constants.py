"""What an expression can be is followed through defaults, locals, loops and functions."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.lint.constants import Evaluator
from infra.lint.hcl.reading import parse
from infra.lint.modules import Kind, Module
from infra.lint.values import UNKNOWN, Fields, Many, Scalar, Value

DECLARED = """
variable "required" { type = string }
variable "text" { default = "t" }
variable "object" { default = { a = 1, b = [2, 3] } }
locals {
  list  = ["x", "y"]
  both  = concat(local.list, [var.text])
  roles = { one = { role = "r1" }, two = { role = "r2" } }
  round = local.trip
  trip  = local.round
}
"""


def plain(value: Value) -> object:
    match value:
        case Scalar(constant, _, _):
            return constant
        case Many(items):
            return [plain(one) for one in items]
        case Fields(entries):
            return {key: plain(one) for key, one in entries}
    return "?"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("var.text", ["t"]),
        ("var.required", ["?"]),
        ("var.object.b[1]", [2, 3]),
        ('var.object["a"]', [1]),
        ("local.both", [["x", "y", "t"]]),
        ("local.round", ["?"]),
        ("var.required ? 1 : 2", [1, 2]),
        ('"${var.text}-${local.list[0]}"', ["t-x", "t-y"]),
        ('"${var.required}-x"', ["?"]),
        ("[for r in local.roles : r.role]", [["r1", "r2"]]),
        ("{ for k, v in local.roles : k => v.role }", [{"one": "r1", "two": "r2"}]),
        ("toset(flatten([local.list, [[var.text]]]))", [["x", "y", "t"]]),
        ("merge({ a = 1 }, { b = 2, a = 3 })", [{"a": 3, "b": 2}]),
        ("keys(local.roles)", [["one", "two"]]),
        ("values(local.roles)[*].role", [["r1", "r2"]]),
        ("try(var.object.a, 7)", [1, 7]),
        ("upper(var.text)", ["?"]),
    ],
)
def test_values(text: str, values: list[object]) -> None:
    document = parse("test.tf", f"{DECLARED}\nlocals {{\n  asked = {text}\n}}\n".encode())
    module = Module(Path("/nowhere"), "test", Kind.MODULE, [document])
    file, argument = module.locals["asked"]
    found = Evaluator(module, {}).possible(argument.value, file)
    if text.endswith("[*].role"):
        assert sorted(str(plain(one)) for one in found) == ["r1", "r2"]
        return
    assert [plain(one) for one in found] == values


def test_a_caller_gives_other_values() -> None:
    document = parse("test.tf", DECLARED.encode())
    module = Module(Path("/nowhere"), "test", Kind.MODULE, [document])
    given = {"text": (Scalar("given", "caller.tf", 7),)}
    file, argument = module.locals["both"]
    (found,) = Evaluator(module, given).possible(argument.value, file)
    assert plain(found) == ["x", "y", "given"]
    assert isinstance(found, Many)
    assert found.items[-1] == Scalar("given", "caller.tf", 7)
    assert Evaluator(module, {}).possible(None, file) == (UNKNOWN,)
