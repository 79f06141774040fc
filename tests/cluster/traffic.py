"""What a route does to traffic: its rules are asked about every cohort, as a gateway would."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

COHORTS = [f"{number:04d}" for number in range(10_000)]
_HEADER = "x-phasegate-cohort"


@dataclass(frozen=True)
class Traffic:
    """Who gets what.

    Attributes:
        cohorts: Service -> in how many of 10,000 cohorts it answers.
        strangers: Service -> its share of the requests without a cohort, of 10,000.
        copies: Services that get copies of the champion's requests.
        roles: Service -> role that its requests carry.
    """

    cohorts: Mapping[str, int]
    strangers: Mapping[str, int]
    copies: frozenset[str]
    roles: Mapping[str, str]


def traffic_of(route: Mapping[str, Any]) -> Traffic:
    """What an HTTPRoute does."""
    rules = route["spec"]["rules"]
    cohorts: Counter[str] = Counter()
    for cohort in COHORTS:
        shares = _shares(_first(rules, cohort))
        assert len(shares) == 1, f"cohort {cohort} is drawn: {shares}"
        cohorts.update(shares.keys())
    copies: set[str] = set()
    roles: dict[str, str] = {}
    for rule in rules:
        for backend in rule.get("backendRefs", ()):
            for one in backend.get("filters", ()):
                headers = one.get("requestHeaderModifier", {}).get("set", ())
                for header in headers:
                    if header["name"] == "x-phasegate-role":
                        roles[backend["name"]] = header["value"]
        for one in rule.get("filters", ()):
            if one["type"] == "RequestMirror":
                copies.add(one["requestMirror"]["backendRef"]["name"])
    return Traffic(dict(cohorts), _shares(_first(rules, None)), frozenset(copies), roles)


def _first(rules: list[Any], cohort: str | None) -> Mapping[str, Any]:
    """The rule that takes a request: those with more headers to match go first."""
    ranked = sorted(rules, key=lambda rule: -max(map(_weight, rule.get("matches", ({},)))))
    return next(rule for rule in ranked if any(_fits(one, cohort) for one in rule["matches"]))


def _weight(match: Mapping[str, Any]) -> int:
    return len(match.get("headers", ()))


def _fits(match: Mapping[str, Any], cohort: str | None) -> bool:
    for header in match.get("headers", ()):
        assert header["name"].lower() == _HEADER, header
        if cohort is None:
            return False
        exact = header.get("type", "Exact") == "Exact"
        pattern = re.escape(header["value"]) if exact else header["value"]
        if not re.fullmatch(pattern, cohort):
            return False
    return True


def _shares(rule: Mapping[str, Any]) -> dict[str, int]:
    weights = {one["name"]: one.get("weight", 1) for one in rule["backendRefs"]}
    total = sum(weights.values())
    return {name: round(one * 10_000 / total) for name, one in weights.items() if one}
