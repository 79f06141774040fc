"""Clusters of a plan: whom Envoy can send requests to, and what it does when they fail."""

from __future__ import annotations

from typing import Any

from phasegate.digests import digest_json
from phasegate.errors import BadInput
from phasegate.traffic.envoy.xds import METADATA, Resource, extension, overwrite, seconds, typed
from phasegate.traffic.headers import ROLE
from phasegate.traffic.plan import Backend, TrafficPlan

CHAMPION, CHALLENGER, SHADOW = "champion", "challenger", "shadow"
WATCH, CANARY, LARGE = "watch", "canary", "large"

_PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_MUTATION = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation"
_CODEC = "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec"
_PREVIOUS_PRIORITIES = (
    "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig"
)
_AGGREGATE = "envoy.extensions.clusters.aggregate.v3.ClusterConfig"

_CONNECT_SECONDS = 0.25
# Uvicorn closes a connection that was idle for 5 seconds; a request must not meet that moment.
_IDLE_SECONDS = 4
_SHADOW_SECONDS = 5
_HEALTH_SECONDS = 0.5

# Queues of users' requests are long: a full one is an error that a user sees.
_LIMITS = {"max_connections": 1024, "max_pending_requests": 65536, "max_requests": 65536}
# Copies may be lost, and each that waits holds its body in memory: with bodies of up to LARGE_BYTES
# in the first queue and up to 8 MiB in the second, a hung backend costs less than 1 GiB.
LARGE_BYTES = 128 << 10
_SHADOW_LIMITS = {"max_connections": 128, "max_pending_requests": 4096, "max_requests": 4096}
_LARGE_LIMITS = {"max_connections": 16, "max_pending_requests": 32, "max_requests": 32}

# What a request did not reach may be sent again, and an inference changes nothing.
NO_ANSWER = "connect-failure,refused-stream,reset"
# A challenger that refuses what the champion accepts is as sick as one that fails.
_REFUSALS = [400, 401, 403, 404, 405, 408, 409, 411, 413, 415, 422, 429]


def require_ip(plan: TrafficPlan) -> None:
    """Refuse model servers that are known by a name: a local Envoy looks no names up.

    Raises:
        BadInput: naming the first of them.
    """
    for backend in (plan.champion, plan.challenger):
        if backend is not None and not backend.has_ip:
            raise BadInput(
                f"'{backend.address}' is no IP address, and Envoy looks no names up",
                where=backend.name,
                expected="IP:PORT",
                fix="a model on a cluster is served through kserve-gateway:NAMESPACE/NAME",
            )


def clusters(plan: TrafficPlan) -> list[Resource]:
    """Every cluster that the plan needs, also for shares that are 0 now: they stay warm."""
    needed = [_champion(plan), _watch(plan)]
    if plan.challenger is not None:
        needed += [
            _challenger(plan),
            _canary(plan),
            _shadow(plan, SHADOW, _SHADOW_LIMITS),
            _shadow(plan, LARGE, _LARGE_LIMITS),
        ]
    return needed


def cluster_name(kind: str, plan: TrafficPlan) -> str:
    """Name of a plan's cluster; other backends make another cluster, beside the old one.

    What the challenger gets is named by the champion too, so that its counters are of this pair.
    """
    backends = [plan.champion]
    if kind not in (CHAMPION, WATCH):
        assert plan.challenger is not None, "no challenger"
        backends.insert(0, plan.challenger)
    identity = digest_json([[it.name, it.address, it.model] for it in backends])[:8]
    return f"{kind}-{backends[0].name}-{identity}"


def _champion(plan: TrafficPlan) -> Resource:
    """Gets requests whatever its health checks say: there is nobody else to ask."""
    return {
        **_backend(plan.champion, cluster_name(CHAMPION, plan), CHAMPION),
        "circuit_breakers": _breakers(_LIMITS),
        **_protocol(),
    }


def _watch(plan: TrafficPlan) -> Resource:
    """The champion again, which no route names: here its health checks can do no harm."""
    return {
        **_backend(plan.champion, cluster_name(WATCH, plan), CHAMPION),
        **_checked(plan.champion),
    }


def _challenger(plan: TrafficPlan) -> Resource:
    """Gets no requests while it is sick; back when it answers health checks again."""
    return {
        **_backend(plan.challenger, cluster_name(CHALLENGER, plan), CHALLENGER),
        **_checked(plan.challenger),
        "circuit_breakers": _breakers(_LIMITS),
        "outlier_detection": {
            "consecutive_5xx": 5,
            "interval": "1s",
            "base_ejection_time": "5s",
            "max_ejection_time": "60s",
            "max_ejection_percent": 100,
            "enforcing_success_rate": 0,
            # A server may say that it is ready and answer nothing else.
            "successful_active_health_check_uneject_host": False,
        },
        **_protocol(),
    }


def _canary(plan: TrafficPlan) -> Resource:
    """The challenger's share of the requests: first the challenger, then the champion.

    A challenger known to be sick is passed over; what it does not answer well is tried again,
    and a second attempt goes where the first did not.
    """
    members = [cluster_name(CHALLENGER, plan), cluster_name(CHAMPION, plan)]
    return {
        **_named(cluster_name(CANARY, plan)),
        "lb_policy": "CLUSTER_PROVIDED",
        "cluster_type": extension("envoy.clusters.aggregate", _AGGREGATE, clusters=members),
        "circuit_breakers": _breakers(_LIMITS),
        **_protocol(
            retry_policy={
                "retry_on": f"{NO_ANSWER},5xx,retriable-status-codes",
                "retriable_status_codes": _REFUSALS,
                "num_retries": 1,
                "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.002s"},
                "retry_priority": extension(
                    "envoy.retry_priorities.previous_priorities",
                    _PREVIOUS_PRIORITIES,
                    update_frequency=1,
                ),
            },
            # A cluster's own policy replaces its route's, and this one copies nothing: a copy of
            # what the challenger answers itself would be of no use.
            request_mirror_policies=[
                {
                    "cluster": cluster_name(SHADOW, plan),
                    "runtime_fraction": {"default_value": {"numerator": 0}},
                }
            ],
        ),
    }


def _shadow(plan: TrafficPlan, kind: str, limits: dict[str, int]) -> Resource:
    """The challenger again, for copies: with limits that keep a sick one from piling them up."""
    return {
        **_backend(plan.challenger, cluster_name(kind, plan), SHADOW),
        **_checked(plan.challenger),
        "close_connections_on_host_health_failure": True,
        "circuit_breakers": _breakers(limits),
        **_protocol({"max_stream_duration": seconds(_SHADOW_SECONDS)}),
    }


def _backend(backend: Backend, name: str, role: str) -> Resource:
    address = {"address": backend.host, "port_value": backend.port}
    endpoint = {
        "endpoint": {"address": {"socket_address": address}},
        "metadata": {"filter_metadata": {METADATA: {"role": role}}},
    }
    return {
        **_named(name),
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [endpoint]}],
        },
    }


def _checked(backend: Backend) -> Resource:
    """Health checks, and no request for a backend that fails them."""
    return {
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "health_checks": [
            {
                "timeout": seconds(_HEALTH_SECONDS),
                "interval": seconds(_HEALTH_SECONDS),
                "no_traffic_interval": seconds(_HEALTH_SECONDS),
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                "http_health_check": {"path": f"/v2/models/{backend.model}/ready"},
            }
        ],
    }


def _named(name: str) -> Resource:
    return {
        **typed("envoy.config.cluster.v3.Cluster"),
        "name": name,
        "connect_timeout": seconds(_CONNECT_SECONDS),
    }


def _protocol(limits: Resource | None = None, **options: Any) -> Resource:
    """HTTP/1 to the backend, which is told its role; so is the one who gets its answer.

    The role is read from the endpoint that was chosen, at each attempt: also behind an aggregate
    cluster, whose filters run in place of its members' own, it is the role of who answers.

    Args:
        limits: in time, for every request.
        options: more of Envoy's options for HTTP.
    """
    role = [{"append": overwrite(ROLE, f"%UPSTREAM_METADATA({METADATA}:role)%")}]
    mutations = {"request_mutations": role, "response_mutations": role}
    return {
        "typed_extension_protocol_options": {
            _PROTOCOL: typed(
                _PROTOCOL,
                explicit_http_config={"http_protocol_options": {}},
                common_http_protocol_options={
                    "idle_timeout": seconds(_IDLE_SECONDS),
                    **(limits or {}),
                },
                http_filters=[
                    extension("envoy.filters.http.header_mutation", _MUTATION, mutations=mutations),
                    extension("envoy.filters.http.upstream_codec", _CODEC),
                ],
                **options,
            )
        }
    }


def _breakers(limits: dict[str, int]) -> Resource:
    # Every failure of the challenger is a retry: their number must not be the limit (3 unless set).
    return {"thresholds": [{**limits, "max_retries": limits["max_requests"]}]}
