"""The table in Markdown: sums line by line, and how each comes about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.cost.bill import MONTHS, Four, Line, Term, lines

_TIMES = "\N{MULTIPLICATION SIGN}"
BEGIN, END = "<!-- cost: begin -->", "<!-- cost: end -->"


def written(text: str, data: Mapping[str, Any]) -> str:
    """A README with the table between its marks.

    Raises:
        ValueError: the marks are not there once each, in their order.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError(f"the README needs {BEGIN} and, behind it, {END}, each once")
    return f"{before}{BEGIN}\n{table(data)}\n{END}{after}"


def table(data: Mapping[str, Any]) -> str:
    """All of it."""
    bill = lines(data)
    return "\n\n".join(
        [_introduction(data), _sums(bill), _options(data), _arithmetic(bill), _prices(data)]
    )


def _introduction(data: Mapping[str, Any]) -> str:
    assumed = data["assumed"]
    busy = f"{assumed['predictions'][1]:,.0f} and {assumed['predictions'][3]:,.0f} predictions"
    doubtful = ", ".join(
        f"`{name}`" for name, one in data["prices"].items() if one["known"] == "unverified"
    )
    return (
        f"USD a month of {data['hours']} hours in {data['region']}, at list prices, gathered on "
        f"{data['read']} and not confirmed by a bill; other regions differ. *Idle*: all is "
        "installed and a model serves that nobody asks. *Busy*: the schedules of "
        f"`examples/schedules.yaml`, and {busy} a month. Not verified, and the higher one taken "
        f"where sources disagree: {doubtful}. `python -m infra.cost` writes this from "
        "[cost.yaml](cost.yaml), from what pods ask for in `kserve_manifests`, and from the "
        "compiled pipelines: amounts and prices are changed there."
    )


def _sums(bill: Sequence[Line]) -> str:
    rows = [("", "for", *MONTHS, "what changes it"), ("---", "---", *["---:"] * 4, "---")]
    for line in bill:
        costs = (_usd(line.cost(month)) for month in range(4))
        rows.append((line.part, line.name, *costs, line.knob))
    totals = (f"**{_usd(sum(line.cost(month) for line in bill))}**" for month in range(4))
    rows.append(("", "**Together**", *totals, ""))
    return _markdown(rows)


def _options(data: Mapping[str, Any]) -> str:
    rows = [("not in the sums", "USD a month", "what switches it on"), ("---", "---:", "---")]
    for one in data["options"]:
        hour, hours = one["usd_hour"], data["hours"]
        month = f"{hour} {_TIMES} {hours} = {hour * hours:.2f}"
        rows.append((one["name"], month, one["knob"]))
    return _markdown(rows)


def _arithmetic(bill: Sequence[Line]) -> str:
    how = f"price {_TIMES} amounts; four of them are dev idle, dev busy, prod idle, prod busy"
    rows = [("for", how), ("---", "---")]
    rows += [(line.name, "<br>+ ".join(_formula(term) for term in line.terms)) for line in bill]
    return f"How each sum comes about:\n\n{_markdown(rows)}"


def _formula(term: Term) -> str:
    times = (f"{_amounts(four)} {unit}" for unit, four in term.times.items())
    return f" {_TIMES} ".join([f"`{term.price}` {_number(term.usd)}", *times])


def _amounts(four: Four) -> str:
    if len(set(four)) == 1:
        return _number(four[0])
    return "(" + ", ".join(_number(one) for one in four) + ")"


def _prices(data: Mapping[str, Any]) -> str:
    rows = [("price", "USD", "known", "from"), ("---", "---:", "---", "---")]
    for name, one in data["prices"].items():
        rows.append((f"`{name}`", _number(one["usd"]), one["known"], one["source"]))
    return f"Where prices are from:\n\n{_markdown(rows)}"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _usd(amount: float) -> str:
    return f"{amount:,.2f}"


def _number(value: float) -> str:
    """Without an exponent, and without zeros at the end."""
    if value == int(value):
        return f"{int(value):,}"
    digits = 4 if value >= 0.01 else 10
    return f"{value:.{digits}f}".rstrip("0")
