"""What Envoy starts with: its listener, its limits, and where it reads the rest."""

from __future__ import annotations

from pathlib import Path

from phasegate.traffic.envoy.folder import Folder
from phasegate.traffic.envoy.routes import MAX_REQUEST_BYTES, REQUEST_SECONDS, ROUTES
from phasegate.traffic.envoy.xds import Resource, extension, typed
from phasegate.traffic.headers import REQUEST_ID, ROLE

_MAX_CONNECTIONS = 10_000
STATISTICS = "ingress"  # prefix of the listener's counters

_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
# The admin interface could also stop Envoy or change its logging: open is what we use, and what
# Prometheus (/stats/prometheus) and log rotation (/reopen_logs) need.
_ADMIN_PATHS = (
    "/ready", "/stats", "/clusters", "/config_dump", "/listeners", "/drain_listeners",
    "/runtime", "/server_info", "/reopen_logs",
)  # fmt: skip


def bootstrap(folder: Folder, host: str, port: int, admin_port: int) -> Resource:
    """Envoy's bootstrap document.

    Args:
        folder: where it reads clusters and routes, and writes its access log.
        host: IP address that it listens on.
        port: TCP port that it listens on; 0 is any free one.
        admin_port: TCP port of its admin interface, on loopback; 0 is any free one.
    """
    return {
        "node": {"id": "phasegate", "cluster": "phasegate"},
        "admin": {
            "address": _address("127.0.0.1", admin_port),
            "allow_paths": [{"prefix": path} for path in _ADMIN_PATHS],
        },
        "layered_runtime": _runtime(folder),
        "overload_manager": _overload(),
        "dynamic_resources": {"cds_config": _subscription(folder.clusters)},
        "static_resources": {"listeners": [_listener(folder, host, port)]},
    }


def _runtime(folder: Folder) -> Resource:
    """Switches: those on disk hold from the start, those set by the admin interface override."""
    disk = {"symlink_root": str(folder.path), "subdirectory": folder.runtime.name}
    return {
        "layers": [
            {"name": "disk", "disk_layer": disk},
            {"name": "admin", "admin_layer": {}},
        ]
    }


def _overload() -> Resource:
    """A connection more than these is closed at once."""
    return {
        "resource_monitors": [
            extension(
                "envoy.resource_monitors.global_downstream_max_connections",
                "envoy.extensions.resource_monitors.downstream_connections.v3"
                ".DownstreamConnectionsConfig",
                max_active_downstream_connections=_MAX_CONNECTIONS,
            )
        ]
    }


def _listener(folder: Folder, host: str, port: int) -> Resource:
    return {
        "name": STATISTICS,
        "address": _address(host, port),
        # A body must fit, or the champion could not be sent what the challenger failed to answer.
        "per_connection_buffer_limit_bytes": MAX_REQUEST_BYTES,
        "filter_chains": [
            {"filters": [{"name": "http", "typed_config": _connection_manager(folder)}]}
        ],
    }


def _connection_manager(folder: Folder) -> Resource:
    return typed(
        _MANAGER,
        stat_prefix=STATISTICS,
        codec_type="AUTO",
        rds={
            "route_config_name": ROUTES,
            "config_source": _subscription(folder.routes),
        },
        http_filters=[
            extension(
                "envoy.filters.http.buffer",
                "envoy.extensions.filters.http.buffer.v3.Buffer",
                max_request_bytes=MAX_REQUEST_BYTES,
            ),
            extension(
                "envoy.filters.http.router",
                "envoy.extensions.filters.http.router.v3.Router",
                suppress_envoy_headers=True,
            ),
        ],
        access_log=[_access_log(str(folder.access_log))],
        **_request_ids(),
        **_hygiene(),
    )


def _request_ids() -> Resource:
    """The client's id if it sent one, else a new one; unchanged all the way and back."""
    return {
        "generate_request_id": True,
        "preserve_external_request_id": True,
        "always_set_request_id_in_response": True,
        "request_id_extension": {
            "typed_config": typed(
                "envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
                pack_trace_reason=False,
                use_request_id_for_trace_sampling=False,
            )
        },
    }


def _hygiene() -> Resource:
    """Limits on what a client may send and how long it may take."""
    return {
        "use_remote_address": True,
        "server_header_transformation": "PASS_THROUGH",
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "max_request_headers_kb": 16,
        "common_http_protocol_options": {"idle_timeout": "300s", "max_headers_count": 100},
        "request_headers_timeout": "10s",
        "request_timeout": f"{REQUEST_SECONDS}s",
        "stream_idle_timeout": f"{REQUEST_SECONDS}s",
        "http2_protocol_options": {"max_concurrent_streams": 128},
    }


def _access_log(path: str) -> Resource:
    """One JSON line for each request, without what may identify a person: entity, query, body."""
    return extension(
        "envoy.access_loggers.file",
        "envoy.extensions.access_loggers.file.v3.FileAccessLog",
        path=path,
        log_format={
            "json_format": {
                "time": "%START_TIME%",
                "request_id": f"%REQ({REQUEST_ID})%",
                "method": "%REQ(:METHOD)%",
                "path": "%PATH(NQ)%",
                "status": "%RESPONSE_CODE%",
                "role": f"%RESP({ROLE})%",
                "milliseconds": "%DURATION%",
                "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
                "upstream": "%UPSTREAM_HOST%",
                "failure": "%RESPONSE_FLAGS%",
                "details": "%RESPONSE_CODE_DETAILS%",
                "bytes_received": "%BYTES_RECEIVED%",
                "bytes_sent": "%BYTES_SENT%",
            }
        },
    )


def _subscription(file: Path) -> Resource:
    """A file that Envoy reads again whenever another is renamed to it."""
    return {"resource_api_version": "V3", "path_config_source": {"path": str(file)}}


def _address(host: str, port: int) -> Resource:
    return {"socket_address": {"address": host, "port_value": port}}
