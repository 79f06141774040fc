"""What the API does with an object: create, update, patch, apply, delete."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.kubernetes.fake import failures, ownership, patches
from tests.kubernetes.fake.kinds import NAMESPACE, Resource
from tests.kubernetes.fake.making import (
    content,
    identify,
    now,
    readable,
    same_name,
    separated,
    shape,
)
from tests.kubernetes.fake.store import Store

Object = dict[str, Any]
Admission = Callable[[Resource, Object, Object | None], None]


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
            same_name(value, name)
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
            same_name(new, name)
            return self._replace(resource, namespace, old, new, options)

    def apply(
        self, resource: Resource, namespace: str, name: str, config: Object, options: Options
    ) -> Object:
        """A server-side apply: the manager's whole wish for the fields that it owns."""
        with self._store.lock:
            readable(resource, name, config)
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
        new = separated(resource, old, copy.deepcopy(new), options.subresource)
        if old is None and resource.namespaced and not self._store.get(NAMESPACE, "", namespace):
            raise failures.not_found(NAMESPACE, namespace)
        identify(resource, namespace, old, new)
        shape(resource, old, new, strict=options.strict)
        if resource.generations:
            before = (old or {}).get("metadata", {}).get("generation", 0)
            new["metadata"]["generation"] = before + (old is None or content(old) != content(new))
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

    @staticmethod
    def _owner(resource: Resource, options: Options, operation: str) -> ownership.Owner:
        return ownership.Owner(
            options.manager, operation, options.subresource, resource.api_version, now()
        )
