"""Routes of a plan: which requests go where."""

from __future__ import annotations

import re
from typing import Any

from phasegate.traffic.envoy.clusters import (
    CANARY,
    CHAMPION,
    LARGE,
    LARGE_BYTES,
    NO_ANSWER,
    SHADOW,
    cluster_name,
)
from phasegate.traffic.envoy.xds import METADATA, Resource, overwrite, seconds, share, typed
from phasegate.traffic.headers import CLOUD_EVENT_ID, REQUEST_ID
from phasegate.traffic.plan import WHOLE, TrafficPlan, effective

ROUTES = "models"  # name of the route configuration

MAX_REQUEST_BYTES = 8 << 20
REQUEST_SECONDS = 60


def routes(plan: TrafficPlan, split_key: str) -> Resource:
    """The route configuration of a plan.

    Args:
        plan: the plan.
        split_key: runtime key; at 0, the champion answers everything and nothing is copied.
    """
    heeded = effective(plan)
    table = [_to_champion(heeded)]
    if heeded.weight or heeded.mirror:
        small = {"name": "content-length", "range_match": {"start": 0, "end": LARGE_BYTES}}
        table = [
            _split(heeded, split_key, SHADOW, [small]),
            _split(heeded, split_key, LARGE, []),
            *table,
        ]
    return {
        **typed("envoy.config.route.v3.RouteConfiguration"),
        "name": ROUTES,
        "metadata": {"filter_metadata": {METADATA: plan.to_json()}},
        "virtual_hosts": [{"name": ROUTES, "domains": ["*"], "routes": table}],
        # KServe's payload logger knows a request by ce-id alone.
        "request_headers_to_add": [overwrite(CLOUD_EVENT_ID, f"%REQ({REQUEST_ID})%")],
        "response_headers_to_remove": ["server"],
    }


def _to_champion(plan: TrafficPlan) -> Resource:
    return {
        "name": CHAMPION,
        "match": _model(plan.champion.model),
        "route": {
            "cluster": cluster_name(CHAMPION, plan),
            "timeout": seconds(REQUEST_SECONDS),
            "retry_policy": {"retry_on": NO_ANSWER, "num_retries": 1},
        },
    }


def _split(plan: TrafficPlan, key: str, copies: str, which: list[Resource]) -> Resource:
    """Predictions: drawn between champion and challenger, and copied.

    Args:
        plan: with its shares.
        key: runtime key that switches this route off.
        copies: kind of the cluster that gets them.
        which: further conditions that a request must meet.
    """
    predictions = {"name": ":method", "string_match": {"exact": "POST"}}
    action: dict[str, Any] = {
        "weighted_clusters": _weights(plan),
        "hash_policy": _cohorts(plan),
        # The champion is asked when the challenger's time is up; whoever answers first is heard.
        # The champion's own share has no second attempt: a slow request must not be sent twice.
        "retry_policy": {"per_try_timeout": seconds(plan.challenger_seconds)},
        "hedge_policy": {"hedge_on_per_try_timeout": True},
        "timeout": seconds(REQUEST_SECONDS),
    }
    if plan.mirror:
        action["request_mirror_policies"] = [
            {
                "cluster": cluster_name(copies, plan),
                "runtime_fraction": share(plan.mirror),
                "disable_shadow_host_suffix_append": True,
            }
        ]
    return {
        "name": f"split, {copies}",
        "match": {
            **_model(plan.champion.model),
            "headers": [predictions, *which],
            "runtime_fraction": {"default_value": {"numerator": 100}, "runtime_key": key},
        },
        "route": action,
    }


def _weights(plan: TrafficPlan) -> Resource:
    # A hash below the challenger's weight is its own: listed first, its cohort only grows with it.
    weights = [
        (cluster_name(CANARY, plan), plan.weight),
        (cluster_name(CHAMPION, plan), WHOLE - plan.weight),
    ]
    clusters = [{"name": name, "weight": weight} for name, weight in weights]
    return {"clusters": clusters, "use_hash_policy": True}


def _cohorts(plan: TrafficPlan) -> list[Resource]:
    """Hashes of the entity or, without one, of the request's id.

    The request's own random number would not do: the same number decides whether it is copied,
    and with both shares at 50 % none of the champion's requests would be.
    """
    headers = [plan.stickiness.header, REQUEST_ID]
    rewrite = {"pattern": {"regex": "^"}, "substitution": f"{plan.stickiness.salt}/"}
    return [
        {"header": {"header_name": name, "regex_rewrite": rewrite}, "terminal": True}
        for name in headers
    ]


def _model(name: str) -> Resource:
    """Matches ``/v1/models/NAME``, ``/v1/models/NAME:predict``, ``/v2/models/NAME/infer``..."""
    return {"safe_regex": {"regex": f"/v[12]/models/{re.escape(name)}([:/].*)?"}}
