"""What the API makes of an object before it keeps it. Pure."""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.kubernetes.fake import failures, schema
from tests.kubernetes.fake.kinds import Resource

Object = dict[str, Any]

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAME_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    f"for validation is '{_NAME.pattern.replace(chr(92) * 2, chr(92))}')"
)


def identify(resource: Resource, namespace: str, old: Object | None, new: Object) -> None:
    """Give a new object its identity, and a changed one that which it had."""
    metadata = new["metadata"]
    new |= {"apiVersion": resource.api_version, "kind": resource.kind}
    if old is None:
        _check_name(resource, metadata.get("name", ""))
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": now()}
        metadata |= {"namespace": namespace} if resource.namespaced else {}
        metadata.pop("managedFields", None)
        return
    kept = old["metadata"]
    if metadata.get("uid", kept["uid"]) != kept["uid"]:
        said = f'Invalid value: "{metadata["uid"]}": field is immutable'
        cause = {"reason": "FieldValueInvalid", "message": said, "field": "metadata.uid"}
        raise failures.invalid(resource, kept["name"], [cause])
    for key in ("uid", "creationTimestamp", "namespace", "resourceVersion", "generation"):
        if key in kept:
            metadata[key] = kept[key]
    for key in ("deletionTimestamp", "deletionGracePeriodSeconds"):
        metadata.pop(key, None)
        metadata |= {key: kept[key]} if key in kept else {}


def _check_name(resource: Resource, name: str) -> None:
    if not _NAME.fullmatch(name) and resource.group != "rbac.authorization.k8s.io":
        said = f'Invalid value: "{name}": {_NAME_RULE}'
        cause = {"reason": "FieldValueInvalid", "message": said, "field": "metadata.name"}
        raise failures.invalid(resource, name, [cause])


def shape(resource: Resource, old: Object | None, new: Object, *, strict: bool) -> None:
    """Fit an object into its schema: drop what is unknown, fill in defaults, refuse the rest.

    Args:
        resource: its kind.
        old: what is there; None when it is new.
        new: the object, changed in place.
        strict: whether unknown fields are refused.
    """
    for key in ("labels", "annotations", "finalizers"):
        if not new["metadata"].get(key, True):
            del new["metadata"][key]
    if resource.schema is None:
        return
    unknown = schema.prune(new, resource.schema)
    if unknown and strict:
        listed = ", ".join(f'unknown field "{one}"' for one in unknown)
        what = f"strict decoding error: {listed}"
        if old is None:
            what = (
                f'{resource.kind} in version "{resource.version}" cannot be handled as a '
                f"{resource.kind}: {what}"
            )
            raise failures.bad_request(what)
        said = f"Invalid value: {json.dumps(json.dumps(new))}: {what}"
        cause = {"reason": "FieldValueInvalid", "message": said, "field": "patch"}
        text = f' "" is invalid: patch: {said}'
        raise failures.Failure(422, "Invalid", text, {"causes": [cause]})
    schema.fill(new, resource.schema)
    if causes := list(schema.violations(new, resource.schema)):
        raise failures.invalid(resource, new["metadata"]["name"], causes)


def readable(resource: Resource, name: str, config: Object) -> None:
    """Refuse what server-side apply cannot make out."""
    if (config.get("apiVersion"), config.get("kind")) != (resource.api_version, resource.kind):
        group, _, version = str(config.get("apiVersion", "")).rpartition("/")
        said = f"invalid object type: {group}/{version}, Kind={config.get('kind', '')}"
        raise failures.bad_request(said)
    same_name(config, name)
    if config.get("metadata", {}).get("managedFields"):
        raise failures.bad_request("metadata.managedFields must be nil")
    if resource.schema is not None and (found := schema.mistyped(config, resource.schema)):
        place = config.get("metadata", {}).get("namespace", "")
        what = (
            f"failed to create typed patch object ({place}/{name}; "
            f"{resource.api_version}, Kind={resource.kind}): {found}"
        )
        raise failures.Failure(500, "", what)


def now() -> str:
    """The time as objects carry it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def same_name(value: Mapping[str, Any], name: str) -> None:
    """Refuse an object whose name is not that of its path."""
    given = (value.get("metadata") or {}).get("name", name)
    if given != name:
        raise failures.bad_request(
            f"the name of the object ({given}) does not match the name on the URL ({name})"
        )


def separated(resource: Resource, old: Object | None, new: Object, subresource: str) -> Object:
    """The object with only that changed which this path may change."""
    if not resource.status:
        return new
    if subresource == "status":
        kept = copy.deepcopy(old or {})
        kept.pop("status", None)
        return {**kept, **({"status": new["status"]} if "status" in new else {})}
    new.pop("status", None)
    return {**new, **({"status": old["status"]} if old and "status" in old else {})}


def content(value: Object) -> Object:
    """What `metadata.generation` counts changes of."""
    return {key: one for key, one in value.items() if key not in ("metadata", "status")}
