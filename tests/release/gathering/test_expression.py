"""One harmless scalar expression, and nothing else, becomes SQL that is run."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phasegate.release.gathering.business import COLUMNS
from phasegate.release.gathering.expression import BadMetric, Expression

KNOWN = (*COLUMNS, "features.amount", "features.A b", "features.score", "features.x", "features.X")


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("CASE WHEN label AND decision = 1 THEN amount * 0.8 ELSE -5 END",
         ("decision", "label", "features.amount")),
        ("amount", ("features.amount",)),
        (" (AMOUNT) -- what it would have cost", ("features.amount",)),
        ("amount /* ; DROP TABLE rows */", ("features.amount",)),
        ('"A b" + "a B"', ("features.A b",)),
        ("features.score - score", ("score", "features.score")),
        ("x + X", ("features.x", "features.X")),
        ("role = 'champion'", ("role",)),
        ("coalesce(amount, 0) IN (1, 2) OR entity IS NULL", ("entity", "features.amount")),
        ("date_part('hour', event_time - INTERVAL 2 HOURS)", ("event_time",)),
        ("TRY_CAST(amount AS DECIMAL(18, 2)) BETWEEN 1 AND 2", ("features.amount",)),
        ("CASE decision WHEN 1 THEN least(amount, 100) END", ("decision", "features.amount")),
        ("'it''s -- no comment' = entity", ("entity",)),
    ],
)  # fmt: skip
def test_expressions_over_a_row(sql, columns):
    expression = Expression(sql)
    assert expression.columns(KNOWN) == columns
    text = expression.bound_to({name: name for name in KNOWN})
    again = Expression(text.replace('"features.', '"'))
    assert set(again.columns(KNOWN)) <= set(KNOWN)


@pytest.mark.parametrize(
    "sql",
    [
        # Files, network, settings, the machine.
        "(SELECT count(*) FROM read_csv('/etc/passwd'))",
        "(FROM '/etc/passwd')",
        "read_text('/etc/passwd')",
        "read_blob('/etc/passwd')",
        "glob('/etc/*')",
        "getenv('HOME')",
        "getvariable('x')",
        "current_setting('threads')",
        "current_user",
        "version()",
        "pg_read_file('x')",
        "http_get('http://127.0.0.1')",
        "nextval('s')",
        # Statements.
        "COPY rows TO '/tmp/x'",
        "amount; COPY rows TO '/tmp/x'",
        "amount; SELECT 1",
        "amount;",
        "1; ATTACH '/tmp/x.db'",
        "1; INSTALL httpfs",
        "LOAD icu",
        "PRAGMA database_list",
        "SET threads = 1",
        "query('SELECT 1')",
        "json_execute_serialized_sql('{}')",
        # More than one expression, or another shape.
        "amount, score",
        "amount AS x",
        "*",
        "COLUMNS('.*')",
        "amount FROM rows",
        "amount WHERE true",
        "amount FROM range(1000000000)",
        "amount UNION SELECT 1",
        "amount ORDER BY 1",
        "amount LIMIT 1",
        "amount GROUP BY ALL",
        "amount QUALIFY true",
        "amount WINDOW w AS ()",
        "amount USING SAMPLE 1",
        "DISTINCT amount",
        "ALL amount",
        "amount) + (1",
        "1) FROM read_csv('/etc/passwd') --",
        "1 -- \n, 2",
        "amount /*",
        "1 */ + /* 2",
        "",
        "  \n",
        "-- nothing",
        # Not of the row alone.
        "sum(amount)",
        "avg(amount) OVER ()",
        "row_number() OVER ()",
        "abs(amount) FILTER (WHERE label)",
        "abs(DISTINCT amount)",
        "EXISTS (SELECT 1)",
        "amount IN (SELECT 1)",
        "ARRAY(SELECT 1)",
        "unnest([1, 2])",
        "?",
        "$1",
        "$name",
        # Another answer at another time.
        "random()",
        "uuid()",
        "now()",
        "current_timestamp",
        "current_date",
        "today()",
        "get_current_time()",
        "age(event_time)",
        # Without end.
        "length(repeat('x', 1000000000000))",
        "length(lpad('x', 1000000000, 'y'))",
        "length(entity || entity)",
        "length(replace(entity, '', entity))",
        "list_sum(range(1000000000000))",
        "list_transform([1], lambda x: x)",
        "entity LIKE '%a%a%a%a%a%a%b'",
        "entity SIMILAR TO '(a*)*b'",
        "amount::INTEGER[1000000]",
        "amount::STRUCT(x INTEGER)",
        "'x'::BLOB",
        "{'a': 1}",
        "[1][1]",
        "sleep_ms(1000)",
        "main.abs(amount)",
        "system.main.abs(amount)",
        "amount.abs()",
        "TRY(amount)",
        "error('x')",
        "rows.amount",
        "amount" + " + 1" * 3000,
        "amount" + " + 1" * 700,
        "-" * 2000 + "1",
        "(" * 3000 + "1" + ")" * 3000,
        "1" * 20_000,
        "unknown",
        '"; DROP TABLE rows; --"',
        "xX",
        "\0",
    ],
)
def test_everything_else_is_refused(sql):
    with pytest.raises(BadMetric, match="business metric: "):
        Expression(sql).columns(KNOWN)


def test_a_name_that_could_be_either_is_refused():
    known = ("features.Amount", "features.AMOUNT")
    with pytest.raises(BadMetric, match="stands for several columns"):
        Expression("amount").columns(known)


_WORDS = """amount score ( ) , ; -- /* */ ' " + - * SELECT FROM WHERE read_csv sum abs CASE WHEN
THEN END 1 'x' AS :: INTEGER [ ] { } $ ? . rows AND NOT IN BETWEEN OVER COPY TO"""
_parts = st.sampled_from([*_WORDS.split(), "\n"])


@settings(max_examples=300, deadline=None)
@given(parts=st.lists(_parts, max_size=12), glue=st.sampled_from(["", " "]))
def test_no_text_does_more_than_read_columns(parts, glue):
    try:
        expression = Expression(glue.join(parts))
        text = expression.bound_to({name: name for name in KNOWN})
    except BadMetric:
        return
    for word in ("SELECT", "FROM", "read_csv", "sum", "rows", "COPY", ";"):
        assert word not in re.sub(r"'([^']|'')*'", "", text)
