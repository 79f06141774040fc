"""What the API does with an object: create, update, patch, apply, delete."""

from __future__ import annotations

import copy
import json
import re
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.kubernetes.fake import failures, ownership, patches, schema
from tests.kubernetes.fake.kinds import NAMESPACE, Resource
from tests.kubernetes.fake.store import Store

Object = dict[str, Any]
Admission = Callable[[Resource, Object, Object | None], None]

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAME_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    f"for validation is '{_NAME.pattern.replace(chr(92) * 2, chr(92))}')"
)


@dataclass(frozen=True, slots=True)
class Options:
    """How a write is meant.

    Attributes:
        manager: the field manager.
        subresource: ``status`` or empty.
        dry_run: whether nothing is kept.
        strict: whether unknown fields are refused rather than dropped.
        force: whether an apply takes fields from their owners.
    """

    manager: str
    subresource: str = ""
    dry_run: bool = False
    strict: bool = False
    force: bool = False


class Objects:
    """The objects of a store, changed by the API's rules.

    Args:
        store: where they are kept.
        admit: called with each write; raises to refuse it.
    """

    def __init__(self, store: Store, admit: Admission) -> None:
        self._store, self._admit = store, admit

    def create(self, resource: Resource, namespace: str, value: Object, options: Options) -> Object:
        """A new object."""
        with self._store.lock:
            metadata = value.setdefault("metadata", {})
            if not metadata.get("name") and metadata.get("generateName"):
                metadata["name"] = metadata["generateName"] + secrets.token_hex(3)[:5]
            if metadata.pop("resourceVersion", None):
                raise failures.Failure(
                    500, "", "resourceVersion should not be set on objects to be created"
                )
            if self._store.get(resource, namespace, metadata.get("name", "")):
                raise failures.exists(resource, metadata["name"])
            return self._keep(resource, namespace, None, value, options)

    def update(
        self, resource: Resource, namespace: str, name: str, value: Object, options: Options
    ) -> Object:
        """A whole object in place of the one that is there."""
        with self._store.lock:
            old = self._found(resource, namespace, name)
            _same_name(value, name)
            return self._replace(resource, namespace, old, value, options)

    def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        change: Any,
        options: Options,
        *,
        operations: bool,
    ) -> Object:
        """A merge patch, or a JSON patch's operations, on the object that is there."""
        with self._store.lock:
            old = self._found(resource, namespace, name)
            try:
                new = patches.operate(old, change) if operations else patches.merge(old, change)
            except patches.Unpatchable:
                said = "the server rejected our request due to an error in our request"
                raise failures.Failure(422, "Invalid", said, {}) from None
            _same_name(new, name)
            return self._replace(resource, namespace, old, new, options)

    def apply(
        self, resource: Resource, namespace: str, name: str, config: Object, options: Options
    ) -> Object:
        """A server-side apply: the manager's whole wish for the fields that it owns."""
        with self._store.lock:
            _readable(resource, name, config)
            old = self._store.get(resource, namespace, name)
            metadata = config.setdefault("metadata", {})
            version = metadata.pop("resourceVersion", None)
            if old is None and options.subresource:
                raise failures.not_found(resource, name)
            if old and version not in (None, old["metadata"]["resourceVersion"]):
                raise failures.stale(resource, name)
            metadata.setdefault("name", name)
            wish = config
            if options.subresource == "status":
                wish = {"metadata": {}, "status": config.get("status", {})}
            elif resource.status:
                wish = {key: one for key, one in config.items() if key != "status"}
            owner = self._owner(resource, options, "Apply")
            new, owners = ownership.applied(resource, old, wish, owner, force=options.force)
            return self._keep(resource, namespace, old, new, options, owners)

    def delete(
        self, resource: Resource, namespace: str, name: str, wish: Mapping[str, Any]
    ) -> tuple[Object, bool]:
        """Let the object go, or mark it while finalizers hold it: (the object, whether it went)."""
        with self._store.lock:
            old = self._found(resource, namespace, name)
            metadata, conditions = old["metadata"], wish.get("preconditions") or {}
            for key, what in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
                if conditions.get(key) not in (None, metadata[key]):
                    raise failures.precondition(
                        resource, name, what, conditions[key], metadata[key]
                    )
            self._admit(resource, {}, old)
            if not metadata.get("finalizers"):
                return self._store.remove(resource, namespace, name), True
            if "deletionTimestamp" not in metadata:
                metadata |= {"deletionTimestamp": now(), "deletionGracePeriodSeconds": 0}
                if "generation" in metadata:
                    metadata["generation"] += 1
                old = self._store.put(resource, old)
            return old, False

    def _found(self, resource: Resource, namespace: str, name: str) -> Object:
        found = self._store.get(resource, namespace, name)
        if found is None:
            raise failures.not_found(resource, name)
        return found

    def _replace(
        self, resource: Resource, namespace: str, old: Object, new: Object, options: Options
    ) -> Object:
        name, version = old["metadata"]["name"], new["metadata"].get("resourceVersion")
        if not version and resource.custom:
            cause = {
                "reason": "FieldValueInvalid",
                "message": "Invalid value: 0: must be specified for an update",
                "field": "metadata.resourceVersion",
            }
            raise failures.invalid(resource, name, [cause], plural=True)
        if version and version != old["metadata"]["resourceVersion"]:
            raise failures.stale(resource, name)
        return self._keep(resource, namespace, old, new, options)

    def _keep(
        self,
        resource: Resource,
        namespace: str,
        old: Object | None,
        new: Object,
        options: Options,
        owners: ownership.Owners | None = None,
    ) -> Object:
        """What every write ends with: identity, schema, admission, ownership, version."""
        new = _separated(resource, old, copy.deepcopy(new), options.subresource)
        self._identify(resource, namespace, old, new)
        self._shape(resource, old, new, options)
        if resource.generations:
            before = (old or {}).get("metadata", {}).get("generation", 0)
            new["metadata"]["generation"] = before + (old is None or _content(old) != _content(new))
        if owners is None:
            owner = self._owner(resource, options, "Update")
            owners = ownership.updated(resource, old, new, owner)
        ownership.write(new, owners)
        self._admit(resource, new, old)
        if old is not None and new == old:
            return old
        if options.dry_run:
            return new
        gone = "deletionTimestamp" in new["metadata"] and not new["metadata"].get("finalizers")
        if gone:
            self._store.remove(resource, namespace, new["metadata"]["name"])
            return new
        return self._store.put(resource, new)

    def _identify(
        self, resource: Resource, namespace: str, old: Object | None, new: Object
    ) -> None:
        metadata = new["metadata"]
        new |= {"apiVersion": resource.api_version, "kind": resource.kind}
        if old is None:
            self._named(resource, namespace, metadata.get("name", ""))
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

    def _named(self, resource: Resource, namespace: str, name: str) -> None:
        if resource.namespaced and self._store.get(NAMESPACE, "", namespace) is None:
            raise failures.not_found(NAMESPACE, namespace)
        if not _NAME.fullmatch(name) and resource.group != "rbac.authorization.k8s.io":
            said = f'Invalid value: "{name}": {_NAME_RULE}'
            cause = {"reason": "FieldValueInvalid", "message": said, "field": "metadata.name"}
            raise failures.invalid(resource, name, [cause])

    def _shape(self, resource: Resource, old: Object | None, new: Object, options: Options) -> None:
        for key in ("labels", "annotations", "finalizers"):
            if not new["metadata"].get(key, True):
                del new["metadata"][key]
        if resource.schema is None:
            return
        unknown = schema.prune(new, resource.schema)
        if unknown and options.strict:
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

    @staticmethod
    def _owner(resource: Resource, options: Options, operation: str) -> ownership.Owner:
        return ownership.Owner(
            options.manager, operation, options.subresource, resource.api_version, now()
        )


def _readable(resource: Resource, name: str, config: Object) -> None:
    """Refuse what server-side apply cannot make out."""
    if (config.get("apiVersion"), config.get("kind")) != (resource.api_version, resource.kind):
        group, _, version = str(config.get("apiVersion", "")).rpartition("/")
        said = f"invalid object type: {group}/{version}, Kind={config.get('kind', '')}"
        raise failures.bad_request(said)
    _same_name(config, name)
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


def _same_name(value: Mapping[str, Any], name: str) -> None:
    given = (value.get("metadata") or {}).get("name", name)
    if given != name:
        raise failures.bad_request(
            f"the name of the object ({given}) does not match the name on the URL ({name})"
        )


def _separated(resource: Resource, old: Object | None, new: Object, subresource: str) -> Object:
    """The object with only that changed which this path may change."""
    if not resource.status:
        return new
    if subresource == "status":
        kept = copy.deepcopy(old or {})
        kept.pop("status", None)
        return {**kept, **({"status": new["status"]} if "status" in new else {})}
    new.pop("status", None)
    return {**new, **({"status": old["status"]} if old and "status" in old else {})}


def _content(value: Object) -> Object:
    return {key: one for key, one in value.items() if key not in ("metadata", "status")}
