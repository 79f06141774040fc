"""Who owns which fields: ``metadata.managedFields`` and server-side apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.kubernetes.fake import fields
from tests.kubernetes.fake.failures import owned
from tests.kubernetes.fake.fields import Path
from tests.kubernetes.fake.kinds import Resource

Object = dict[str, Any]

_NOBODYS = (
    ("f:apiVersion",),
    ("f:kind",),
    *(
        ("f:metadata", f"f:{name}")
        for name in (
            "creationTimestamp",
            "deletionGracePeriodSeconds",
            "deletionTimestamp",
            "generateName",
            "generation",
            "managedFields",
            "name",
            "namespace",
            "resourceVersion",
            "selfLink",
            "uid",
        )
    ),
)


@dataclass(frozen=True, slots=True)
class Owner:
    """A field manager; what it applies and what it updates are owned apart.

    Attributes:
        manager: its name.
        operation: ``Apply`` or ``Update``.
        subresource: ``status`` or empty.
        api_version: of the objects that it wrote.
        time: of its last write; no part of who it is.
    """

    manager: str
    operation: str
    subresource: str
    api_version: str
    time: str = field(compare=False)

    def __str__(self) -> str:
        """As conflicts name it."""
        if self.operation == "Apply":
            return f'"{self.manager}"'
        through = f' with subresource "{self.subresource}"' if self.subresource else ""
        return f'"{self.manager}"{through} using {self.api_version}'


Owners = dict[Owner, frozenset[Path]]


def read(value: Mapping[str, Any]) -> Owners:
    """The owners that an object names."""
    return {
        Owner(
            one["manager"],
            one["operation"],
            one.get("subresource", ""),
            one["apiVersion"],
            one["time"],
        ): fields.from_v1(one["fieldsV1"])
        for one in value.get("metadata", {}).get("managedFields", [])
    }


def write(value: Object, owners: Owners) -> None:
    """Name the owners in an object."""
    entries = []
    by_name = sorted(owners, key=lambda one: (one.operation, one.manager, one.subresource))
    for owner in by_name:
        entry = {
            "apiVersion": owner.api_version,
            "fieldsType": "FieldsV1",
            "fieldsV1": fields.to_v1(owners[owner]),
            "manager": owner.manager,
            "operation": owner.operation,
            "time": owner.time,
        }
        entries.append(entry | ({"subresource": owner.subresource} if owner.subresource else {}))
    value["metadata"].pop("managedFields", None)
    if entries:
        value["metadata"]["managedFields"] = entries


def updated(resource: Resource, old: Object | None, new: Object, owner: Owner) -> Owners:
    """The owners after a write that is no apply: it takes what it changes, from whoever had it."""
    owners = read(old) if old else {}
    written, removed = _difference(resource, old or {"metadata": {}}, new, owner.subresource)
    for other in [one for one in owners if one != owner]:
        owners[other] -= written | removed
    mine = (owners.pop(owner, frozenset()) - removed) | written
    owners = {one: paths for one, paths in owners.items() if paths}
    if mine:
        changed = mine != read(old or {}).get(owner)
        owners[owner if changed else _known(old, owner)] = mine
    return owners


def applied(
    resource: Resource, live: Object | None, config: Object, owner: Owner, *, force: bool
) -> tuple[Object, Owners]:
    """The object and its owners after a server-side apply.

    Raises:
        Failure: 409, the configuration would change fields that others own.
    """
    start = live or {"metadata": {}}
    owners = read(start)
    last = owners.pop(owner, frozenset())
    others = dict(owners)
    mine = _filtered(fields.named(config, resource.schema), resource, owner.subresource)
    result = fields.merged(start, config, resource.schema)
    held = mine.union(*others.values())
    result = fields.without(result, fields.orphaned(last, held), resource.schema)
    result.setdefault("metadata", {})
    written, removed = _difference(resource, start, result, owner.subresource)
    conflicts = [
        (str(other), fields.dotted(path))
        for other, paths in others.items()
        for path in sorted(paths & written)
    ]
    if conflicts and not force:
        raise owned(conflicts)
    owners = {other: paths - written - removed for other, paths in others.items()}
    owners = {other: paths for other, paths in owners.items() if paths}
    if mine:
        owners[owner if mine != last else _known(live, owner)] = mine
    return result, owners


def _known(value: Object | None, owner: Owner) -> Owner:
    """The owner with the time of its earlier write."""
    return next(one for one in read(value or {}) if one == owner)


def _difference(
    resource: Resource, old: Object, new: Object, subresource: str
) -> tuple[frozenset[Path], frozenset[Path]]:
    written, removed = fields.difference(old, new, resource.schema)
    return _filtered(written, resource, subresource), _filtered(removed, resource, subresource)


def _filtered(paths: frozenset[Path], resource: Resource, subresource: str) -> frozenset[Path]:
    """Without what has no owner, and what this way of writing cannot touch."""
    kept = (path for path in paths if path[:2] not in _NOBODYS and path[:1] not in _NOBODYS)
    if subresource == "status":
        return frozenset(path for path in kept if path[0] == "f:status")
    if resource.status:
        return frozenset(path for path in kept if path[0] != "f:status")
    return frozenset(kept)
