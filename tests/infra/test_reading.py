"""HCL is read as Terraform reads it, with the line of each part."""

from __future__ import annotations

import pytest

from infra.lint.hcl.reading import parse
from infra.lint.hcl.tree import (
    Access,
    Call,
    Conditional,
    Expression,
    For,
    Literal,
    Name,
    Operation,
    Splat,
    Template,
    within,
)
from infra.lint.hcl.writing import written


def value(text: str) -> Expression:
    """The expression that a text is."""
    document = parse("test.tf", f"a = {text}\n".encode())
    assert not document.faults
    return document.body.arguments[0].value


@pytest.mark.parametrize(
    ("text", "constant"),
    [
        ("1", 1),
        ("-1", -1),
        ("1.5e3", 1500.0),
        ("true", True),
        ("null", None),
        ('""', ""),
        ('" a "', " a "),
        (r'"a\"b\n\u00e9"', 'a"b\né'),
        ('"$${a} %%{b}"', "${a} %{b}"),
        ("<<EOT\n  a\n\n  # b\nEOT", "  a\n\n  # b\n"),
    ],
)
def test_constants(text: str, constant: object) -> None:
    assert value(text) == Literal(constant, 1)


@pytest.mark.parametrize(
    "text",
    [
        "var.a",
        'google_x.y[0].z["k"].w',
        "google_x.y[*].id",
        "[1, [2], {}]",
        '{ a = 1, "b c" = 2, (var.k) = 3 }',
        "f(a, b...)",
        "provider::google::region_from_id(var.id)",
        "var.a ? 1 : 2",
        "!var.a",
        "var.a + 1 == 2",
        '"${var.a}-b"',
        "[for s in var.l : upper(s) if s != null]",
        "{ for k, v in var.m : k => v... }",
        "f(var.a).b[1]",
    ],
)
def test_expressions_are_written_as_they_are_read(text: str) -> None:
    assert written(value(text)) == text


def test_operands_are_told_apart() -> None:
    whole = value("(var.a + 3) * 4 == 1 || f(x) > 2 && !var.b")
    assert isinstance(whole, Operation)
    assert whole.operator == "||"
    left, right = whole.operands
    assert isinstance(left, Operation)
    assert left.operator == "=="
    assert isinstance(right, Operation)
    assert right.operator == "&&"


def test_templates_hold_their_expressions() -> None:
    text = (
        "<<-EOT\n  a ${var.x} # no comment\n  %{ for y in var.l ~}\n  ${y.z}\n  %{ endfor ~}\nEOT"
    )
    whole = value(text)
    assert isinstance(whole, Template)
    loops = [one for one in within(whole) if isinstance(one, For)]
    assert [loop.names for loop in loops] == [("y",)]
    assert Access(Name("y", 4), ("z",), 4) in list(within(whole))
    branch = value('"%{ if var.a }x%{ else }y%{ endif }"')
    assert isinstance(branch, Template)
    assert isinstance(branch.parts[0], Conditional)


def test_each_part_knows_its_line() -> None:
    document = parse(
        "test.tf",
        b"""# comment
resource "a" "b" {
  x = [
    1,
    f(
      var.y, # comment
    ),
  ]

  dynamic "c" {
    for_each = var.z
    content {
      d = c.value.e
    }
  }
}
""",
    )
    (block,) = document.body.blocks
    assert (block.kind, block.labels, block.line, block.last) == ("resource", ("a", "b"), 2, 16)
    inside = within(block.body.arguments[0].value)
    lines = {type(one): one.line for one in inside if isinstance(one, Call | Access)}
    assert lines == {Call: 5, Access: 6}
    (content,) = block.body.of_kind("c")
    assert (content.line, content.body.arguments[0].line) == (10, 13)


def test_splats_and_old_indices() -> None:
    assert value("a.b.*.c") == Access(Name("a", 1), ("b", Splat(), "c"), 1)
    assert value("a.b.0.c") == Access(Name("a", 1), ("b", Literal(0, 1), "c"), 1)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = = 2\n", 2),
        ('a = "b\n', 1),
        ("a = [1 2]\n", 1),
        ("a = 1\nb = 1 c = 2\n", 2),
        ("a {\n  b = 1 }\n", 2),
        ("a\n{\n}\n", 2),
        ("a { b {} }\n", 1),
        ("a { b = 1\n}\n", 1),
        ("a = {\n  b = 1 c = 2\n}\n", 2),
        ('a = "b\nc"\n', 1),
        ("a = 'b'\n", 1),
        ("a = b\n  && c\n", 2),
        ("a = b ?\n  1 : 2\n", 2),
        ("a =\n  1\n", 2),
        ("a = b\n  .c\n", 2),
        ("a = merge({\n  b = 1 +\n  2\n})\n", 3),
    ],
)
def test_what_is_no_hcl_is_told_with_its_line(text: str, line: int) -> None:
    faults = parse("test.tf", text.encode()).faults
    assert faults
    assert min(faults)[0] == line


@pytest.mark.parametrize(
    "text",
    [
        "a = (\n  b\n  && c\n)\n",
        "a = f(\n  b,\n  c\n).d[\n  0\n]\n",
        "a = [\n  b ? 1\n  : 2\n]\n",
        "a = b ? {\n  c = 1\n} : {}\n",
        "a = { for k in b :\n  k => 1\n  if c }\n",
        'a = "${b\n}"\n',
    ],
)
def test_a_value_goes_on_where_terraform_lets_it(text: str) -> None:
    assert parse("test.tf", text.encode()).faults == []


def test_lines_of_templates_in_heredocs_are_no_fault() -> None:
    text = "a = <<EOT\n%{ if b }\nx\ny\n%{ else }\nz\n%{ endif }\nEOT\n"
    assert parse("test.tf", text.encode()).faults == []


def test_a_hash_in_a_heredoc_begins_no_comment() -> None:
    document = parse("test.tf", b"a = <<EOT\n# phasegate: ignore[PGT101] no\nEOT\n")
    assert 2 in document.text_lines
