"""The rules of a route, made of a plan. Pure.

Gateway API knows no hash of a header, no second attempt at another backend, and no weights per
ten thousand that stick. So the client names its cohort (see `phasegate.traffic.cohorts`):

1. a prediction whose cohort is in the challenger's interval goes to the challenger alone;
2. any other one with a cohort goes to the champion, and is copied;
3. one without a cohort is drawn by weight, and copied whoever answers, since Gateway API copies
   by rule; nobody sticks.

A killed plan, and one that gives the challenger neither requests nor copies, is one rule: all is
the champion's. A challenger that fails is not replaced for that request, since Gateway API asks
nobody else; it only has a time limit.

All else that the model answers, such as whether it is ready, is the champion's. Nothing else of a
predictor is reachable through the route.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phasegate.traffic.cohorts import Interval
from phasegate.traffic.headers import COHORT, ROLE
from phasegate.traffic.kserve.slots import PORT
from phasegate.traffic.plan import WHOLE, Backend, TrafficPlan, effective

Rule = dict[str, Any]
Service = Callable[[Backend], str]

_PERCENT = 100


def rules_of(plan: TrafficPlan, service: Service) -> list[Rule]:
    """The rules that carry out a plan, its kill switch heeded.

    Args:
        plan: the plan.
        service: name of a backend's Service.
    """
    heeded, model = effective(plan), plan.champion.model
    champion = _reference(service(plan.champion), "champion", WHOLE)
    if plan.challenger is None or not (heeded.weight or heeded.mirror):
        return [_rule(_predictions(model, None) + _others(model), [champion])]
    challenger = _reference(service(plan.challenger), "challenger", heeded.weight)
    copies = _mirror(service(plan.challenger), heeded.mirror)
    table = []
    if heeded.weight:
        interval = Interval.of(plan.stickiness.salt, heeded.weight)
        limit = {"backendRequest": f"{round(plan.challenger_seconds * 1000)}ms"}
        mine = [challenger | {"weight": 1}]
        table.append(_rule(_predictions(model, interval.pattern), mine, timeouts=limit))
    table.append(_rule(_predictions(model, ".+"), [champion | {"weight": 1}], copies))
    drawn = [champion | {"weight": WHOLE - heeded.weight}]
    drawn += [challenger] if heeded.weight else []
    # Where the champion answers none of them, there is nothing to copy.
    own = copies if heeded.weight < WHOLE else []
    table.append(_rule(_predictions(model, None), drawn, own))
    table.append(_rule(_others(model), [champion | {"weight": 1}]))
    return table


def only_the_first(rules: list[Rule], model: str) -> list[Rule]:
    """Rules that send all to the Service that other rules send most to, for when no plan is known.

    The rules stay as they are where they name no Service.
    """
    from phasegate.traffic.kserve.shares import shares_of

    drawn = shares_of(rules, model).drawn
    if not drawn:
        return rules
    most = max(sorted(drawn), key=lambda name: drawn[name])
    return [
        _rule(_predictions(model, None) + _others(model), [_reference(most, "champion", WHOLE)])
    ]


def _rule(
    matches: list[Rule],
    backends: list[Rule],
    filters: list[Rule] | None = None,
    timeouts: Rule | None = None,
) -> Rule:
    rule: Rule = {"matches": matches, "backendRefs": backends}
    if filters:
        rule["filters"] = filters
    if timeouts:
        rule["timeouts"] = timeouts
    return rule


def _predictions(model: str, cohort: str | None) -> list[Rule]:
    """Matches of predictions in both protocols, of a cohort where one is asked for."""
    header = {"type": "RegularExpression", "name": COHORT, "value": cohort}
    more = {"headers": [header]} if cohort else {}
    return [
        {"path": path, "method": "POST", **more}
        for path in (
            {"type": "Exact", "value": f"/v1/models/{model}:predict"},
            {"type": "PathPrefix", "value": f"/v2/models/{model}"},
        )
    ]


def _others(model: str) -> list[Rule]:
    return [
        {"path": {"type": "Exact", "value": f"/v1/models/{model}"}},
        {"path": {"type": "PathPrefix", "value": f"/v2/models/{model}"}},
    ]


def _reference(service: str, role: str, weight: int) -> Rule:
    header = {"set": [{"name": ROLE, "value": role}]}
    return {
        "group": "",
        "kind": "Service",
        "name": service,
        "port": PORT,
        "weight": weight,
        "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": header}],
    }


def _mirror(service: str, share: int) -> list[Rule]:
    if not share:
        return []
    copies: Rule = {
        "backendRef": {"group": "", "kind": "Service", "name": service, "port": PORT},
    }
    if share % _PERCENT == 0:
        copies["percent"] = share // _PERCENT
    else:
        copies["fraction"] = {"numerator": share, "denominator": WHOLE}
    return [{"type": "RequestMirror", "requestMirror": copies}]
