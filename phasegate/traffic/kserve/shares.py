"""Where a route's rules really send predictions, whoever wrote them. Pure.

The rules are not compared with what we would write: a request of each cohort is followed through
them by Gateway API's order of precedence. So weights that were edited by hand, rules that were
added, and fields that a newer API fills in are all seen for what they do.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from phasegate.digests import canonical_json, digest_json
from phasegate.traffic.cohorts import COHORTS
from phasegate.traffic.headers import COHORT
from phasegate.traffic.plan import WHOLE

Rule = Mapping[str, Any]

_PERCENT = 100
_NOBODY = -1
_ALL = (1 << COHORTS) - 1
_TEXTS = [f"{number:04}" for number in range(COHORTS)]


@dataclass(frozen=True, slots=True)
class Shares:
    """Where predictions go, in basis points by Service.

    Attributes:
        sticky: of those with a cohort, all cohorts being alike.
        drawn: of those without.
        copied: copies of those with a cohort that do not go to whoever gets the copies, and of
            those without, each by who gets them; a Service that answers all of them itself is
            in neither.
        cohorts: tells who goes where, since another interval may be as long.
    """

    sticky: Mapping[str, int]
    drawn: Mapping[str, int]
    copied: tuple[Mapping[str, int], Mapping[str, int]]
    cohorts: str

    def services(self) -> set[str]:
        """All that get anything."""
        parts = (self.sticky, self.drawn, *self.copied)
        return {name for part in parts for name, share in part.items() if share}

    def of(self, service: str, planned: int) -> int:
        """The share of a Service; where one is not as planned, that one."""
        found = (self.sticky.get(service, 0), self.drawn.get(service, 0))
        return next((share for share in found if share != planned), planned)

    def copies_for(self, service: str, planned: int) -> int:
        """The share of copies that a Service gets; where one is not as planned, that one."""
        found = [
            copied.get(service, 0)
            for copied, answered in zip(self.copied, (self.sticky, self.drawn), strict=True)
            if answered.get(service, 0) < WHOLE
        ]
        return next((share for share in found if share != planned), planned)


def shares_of(rules: Sequence[Rule], model: str) -> Shares:
    """What a route's rules do with a model's predictions."""
    return _shares(canonical_json(list(rules)), model)


def version_of(rules: Sequence[Rule]) -> str:
    """The same for the same rules."""
    return digest_json(list(rules))[:16]


def difference(found: Shares, wanted: Shares) -> str:
    """How traffic is not as wanted, in words; empty where it is."""
    told = []
    for what, one, other in (
        ("requests with a cohort", found.sticky, wanted.sticky),
        ("requests without a cohort", found.drawn, wanted.drawn),
        ("copies of requests with a cohort", found.copied[0], wanted.copied[0]),
        ("copies of requests without a cohort", found.copied[1], wanted.copied[1]),
    ):
        told += [
            f"{what} to {name}: {one.get(name, 0) / 100:g} % instead of"
            f" {other.get(name, 0) / 100:g} %"
            for name in sorted({*one, *other})
            if one.get(name, 0) != other.get(name, 0)
        ]
    if not told and found.cohorts != wanted.cohorts:
        told.append("other cohorts than planned meet the challenger")
    return "; ".join(told)


@lru_cache(maxsize=32)
def _shares(text: bytes, model: str) -> Shares:
    rules = json.loads(text)
    # Half of the requests speak one protocol, half the other: a rule for one alone is seen too.
    protocols = (
        _Way.all_of(rules, f"/v1/models/{model}:predict"),
        _Way.all_of(rules, f"/v2/models/{model}/infer"),
    )
    sticky: Counter[int] = Counter()
    drawn: Counter[int] = Counter()
    who: Counter[str] = Counter()  # cohorts, one bit each, by what becomes of their requests
    for protocol, ways in enumerate(protocols):
        for at, cohorts in filter(lambda met: met[1], _met(ways)):
            sticky[at] += cohorts.bit_count()
            answered = _weights(rules[at]) if at != _NOBODY else {}
            who[f"{protocol} {sorted(answered.items())}"] |= cohorts
        drawn[next((way.rule for way in ways if way.headers == ()), _NOBODY)] += 1
    return Shares(
        sticky=_answered(rules, sticky),
        drawn=_answered(rules, drawn),
        copied=(_copied(rules, sticky), _copied(rules, drawn)),
        cohorts=digest_json({what: f"{cohorts:x}" for what, cohorts in who.items()}),
    )


def _answered(rules: Sequence[Rule], met: Counter[int]) -> dict[str, int]:
    """Basis points of each Service, of requests by the rule that takes them."""
    shares: Counter[str] = Counter()
    for at, count in met.items():
        if at != _NOBODY:
            for name, share in _weights(rules[at]).items():
                shares[name] += share * count
    return {name: round(total / met.total()) for name, total in shares.items()}


@dataclass(frozen=True, slots=True)
class _Way:
    """A match that a prediction may meet, once its headers are known.

    Attributes:
        rank: by Gateway API's precedence; ties go to the rule that comes first.
        rule: its number.
        headers: what is asked of the cohort: patterns; None where some other header is asked for.
    """

    rank: tuple[int, int, bool, int]
    rule: int
    headers: tuple[re.Pattern[str], ...] | None

    @staticmethod
    def all_of(rules: Sequence[Rule], path: str) -> list[_Way]:
        """Ways for POST requests to a path, the closest match first."""
        ways = [
            _Way(rank, number, _asked(match.get("headers") or ()))
            for number, rule in enumerate(rules)
            for match in rule.get("matches") or [{}]
            if (rank := _rank(match, path)) is not None
        ]
        return sorted(ways, key=lambda way: (*(-int(part) for part in way.rank), way.rule))


def _met(ways: Sequence[_Way]) -> Iterator[tuple[int, int]]:
    """Rules with the cohorts that they take: a number with one bit for each."""
    left = _ALL
    for way in ways:
        if way.headers is not None:
            taken = left
            for header in way.headers:
                taken &= _matched(header)
            left &= ~taken
            yield way.rule, taken
    yield _NOBODY, left


@lru_cache(maxsize=64)
def _matched(pattern: re.Pattern[str]) -> int:
    """The cohorts whose four digits a pattern matches whole."""
    return int("".join("01"[pattern.fullmatch(text) is not None] for text in _TEXTS), 2)


def _rank(match: Rule, path: str) -> tuple[int, int, bool, int] | None:
    """How closely a match fits a path; None where it does not."""
    where = match.get("path") or {}
    kind, value = where.get("type", "PathPrefix"), where.get("value", "/")
    if kind == "Exact":
        fits = path == value
    elif kind == "PathPrefix":
        prefix = value.rstrip("/")
        fits = path == prefix or path.startswith(f"{prefix}/")
    else:
        fits = _pattern(value).fullmatch(path) is not None
    if not fits or match.get("method", "POST") != "POST" or match.get("queryParams"):
        return None
    return (int(kind == "Exact"), len(value), "method" in match, len(match.get("headers") or ()))


def _asked(headers: Sequence[Rule]) -> tuple[re.Pattern[str], ...] | None:
    if any(header["name"].lower() != COHORT for header in headers):
        return None
    return tuple(
        _pattern(header["value"])
        if header.get("type", "Exact") == "RegularExpression"
        else re.compile(re.escape(header["value"]))
        for header in headers
    )


def _pattern(text: str) -> re.Pattern[str]:
    """A rule's pattern; one that cannot be read matches nothing."""
    try:
        return re.compile(text)
    except re.error:
        return re.compile(r"(?!)")


def _weights(rule: Rule) -> dict[str, int]:
    """Basis points of each Service."""
    weights: Counter[str] = Counter()
    for one in rule.get("backendRefs") or ():
        weights[one["name"]] += one.get("weight", 1)
    total = weights.total()
    return {name: round(WHOLE * one / total) for name, one in weights.items() if one}


def _copied(rules: Sequence[Rule], met: Counter[int]) -> dict[str, int]:
    """Copies for each Service, of the requests that it does not answer itself."""
    counts = {at: count for at, count in met.items() if at != _NOBODY}
    found = {}
    for name in {name for at in counts for name, _ in _copies(rules[at])}:
        others = [(at, n) for at, n in counts.items() if _weights(rules[at]).get(name, 0) < WHOLE]
        copies = sum(n * dict(_copies(rules[at])).get(name, 0) for at, n in others)
        if copies:
            found[name] = round(copies / sum(n for _, n in others))
    return found


def _copies(rule: Rule) -> Iterator[tuple[str, int]]:
    for one in rule.get("filters") or ():
        if one.get("type") == "RequestMirror":
            copies = one["requestMirror"]
            part = copies.get("fraction")
            if part:
                share = round(WHOLE * part["numerator"] / part.get("denominator", _PERCENT))
            else:
                share = copies.get("percent", _PERCENT) * _PERCENT
            yield copies["backendRef"]["name"], share
