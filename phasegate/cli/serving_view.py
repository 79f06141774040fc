"""Served models on screen: where they are, what traffic does, what a replay came to."""

from __future__ import annotations

from typing import Self

from rich.markup import escape
from rich.status import Status
from rich.table import Table

from phasegate.cli.console import err, out
from phasegate.errors import Unavailable
from phasegate.local.serving.running import Running
from phasegate.local.serving.sealed import Matching
from phasegate.local.serving.sending import Sent
from phasegate.traffic.state import BackendState, TrafficState
from phasegate.traffic.target import TrafficTarget


def print_serving(running: Running, shares: tuple[int, int]) -> None:
    """Say where the models are served, and what can be done next."""
    out.print(f"[bold green]serving[/] {running.name} at [bold]{running.url}[/]")
    for role, model in running.models.items():
        out.print(f"  {role:<10}  {model['version']}  model {model['digest'][:12]}", markup=False)
    if "challenger" in running.models:
        out.print(
            f"  the challenger answers {shares[0] / 100:g} % of the requests, and gets copies of "
            f"{shares[1] / 100:g} % of the champion's"
        )
    out.print(f"  ask     {running.url}/v2/models/{running.name}/infer", markup=False)
    out.print("  replay  phasegate send FILE", markup=False)
    out.print("  change  phasegate traffic show | set | mirror | kill", markup=False)
    out.print(f"  log     {running.log}", markup=False)
    out.print("Ctrl-C ends it")


class TrafficLine:
    """One line that tells of the traffic while models are served; only on a terminal."""

    def __init__(self, target: TrafficTarget) -> None:
        self._target = target
        self._status = Status("", console=err)

    def __enter__(self) -> Self:
        if err.is_terminal:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def update(self) -> None:
        """Ask the proxy and show what it says."""
        if err.is_terminal:
            try:
                self._status.update(_line(self._target.observe()))
            except Unavailable as error:
                self._status.update(f"[red]{escape(str(error))}[/]")


def _line(state: TrafficState) -> str:
    parts = [_answers(state.champion)]
    if state.challenger:
        parts.append(_answers(state.challenger))
    if state.mirror:
        lost = sum(state.mirror.lost.values())
        parts.append(
            f"copies {state.mirror.copies:,}" + (f" [red]{lost:,} lost[/]" if lost else "")
        )
    if state.killed:
        parts.append("[bold red]killed: champion only[/]")
    return "  ·  ".join(parts)


def _answers(one: BackendState) -> str:
    sick = "" if one.healthy else " [red]sick[/]"
    errors = f" [red]{one.errors:,} errors[/]" if one.errors else ""
    return f"{one.role} {one.share / 100:g} % {one.answers:,} answers{errors}{sick}"


def print_traffic(title: str, state: TrafficState) -> None:
    """Print the proxy's state as a table, under what the proxy is called."""
    out.print(f"{title}, routes {state.version[:12]}")
    if state.killed:
        out.print("[bold red]killed[/]: the champion answers everything, nothing is copied")
    if state.drift:
        out.print(f"[yellow]not as planned:[/] {escape(state.drift)}")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("", "model", "share", "health", "requests", "answers", "errors", "active"):
        table.add_column(name, justify="left" if name in ("", "model", "health") else "right")
    for one in filter(None, (state.champion, state.challenger)):
        table.add_row(
            one.role, one.backend.name, f"{one.share / 100:g} %",
            "[green]healthy[/]" if one.healthy else "[red]sick[/]",
            f"{one.requests:,}", f"{one.answers:,}", f"{one.errors:,}", f"{one.active:,}",
        )  # fmt: skip
    if mirror := state.mirror:
        lost = sum(mirror.lost.values())
        table.add_row(
            "shadow", "copies", f"{mirror.share / 100:g} %", "",
            f"{mirror.copies:,}", f"{mirror.answers:,}", f"{lost:,}", f"{mirror.active:,}",
        )  # fmt: skip
    out.print(table)
    if state.fallbacks:
        out.print(f"the champion stepped in for {state.fallbacks:,} requests")
    if state.mirror and any(state.mirror.lost.values()):
        said = ", ".join(f"{count:,} {why}" for why, count in state.mirror.lost.items() if count)
        out.print(f"[yellow]copies lost:[/] {said}")


def print_sent(sent: Sent, matching: Matching | None) -> None:
    """Print what a replay came to."""
    rate = sent.requests / sent.seconds if sent.seconds else 0.0
    out.print(
        f"sent {sent.requests:,} requests in {sent.seconds:.1f} s ({rate:,.0f} a second), "
        f"p50 {sent.quantile(0.5) * 1000:.1f} ms, p99 {sent.quantile(0.99) * 1000:.1f} ms"
    )
    for role, count in sent.by_role.most_common():
        share = count / sent.requests
        out.print(f"  {role:<10}  {count:>9,} answers  {share:.2%}", markup=False)
    for status, count in sorted(sent.by_status.items()):
        if status != 200:
            out.print(f"  [red]status {status}[/]  {count:>9,}")
    for kind, count in sent.failures.items():
        out.print(f"  [red]{escape(kind)}[/]  {count:>9,}")
    if sent.example:
        out.print(f"  such as: {sent.example}", markup=False)
    if matching:
        print_matching(matching)


def print_matching(matching: Matching) -> None:
    """Print how champion and shadow compare on the same requests."""
    found = matching.coverage
    out.print(
        f"matched pairs: the shadow answered {found.answered:,} of the champion's "
        f"{found.requests:,} requests ([bold]{matching.share:.2%}[/])"
    )
    reasons = {**{f"failed: {kind}": count for kind, count in found.failed.items()},
               "not logged by the shadow": found.absent,
               "one id for several requests": found.conflicting}  # fmt: skip
    for reason, count in reasons.items():
        if count:
            out.print(f"  [yellow]{escape(reason)}[/]  {count:,}")
    if found.repeated:
        out.print(f"  sent more than once, counted once  {found.repeated:,}")
    if matching.rows:
        out.print(
            f"  decided differently  {matching.disagreements:,} of {matching.rows:,} rows "
            f"({matching.disagreements / matching.rows:.2%})"
        )
        out.print(
            f"  score, shadow less champion  {matching.mean_difference:+.4g} on average, "
            f"{matching.largest_difference:.4g} at most"
        )
