"""What the API answers when it does not do what was asked, worded as the real one words it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.kubernetes.fake.kinds import Resource


class Failure(Exception):
    """A request that is answered with a Status object.

    Args:
        code: HTTP status.
        reason: one word for programs; empty where the real API gives none.
        message: for people.
        details: which object, and the causes.
        headers: of the answer, such as Retry-After.
    """

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message
        self.details, self.headers = details, dict(headers or {})

    def status(self) -> dict[str, Any]:
        """The Status object."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = dict(self.details)
        return {**status, "code": self.code}


class UnknownPath(Exception):
    """No such API: answered with plain text, so that a client cannot mistake it for an object."""


def about(resource: Resource, name: str, kind: str = "") -> dict[str, str]:
    """The details that name an object."""
    details = {"name": name, "group": resource.group, "kind": kind or resource.plural}
    return {key: value for key, value in details.items() if value}


def not_found(resource: Resource, name: str) -> Failure:
    """The object is not there."""
    message = f'{resource.title} "{name}" not found'
    return Failure(404, "NotFound", message, about(resource, name))


def exists(resource: Resource, name: str) -> Failure:
    """The object to be created is there already."""
    message = f'{resource.title} "{name}" already exists'
    return Failure(409, "AlreadyExists", message, about(resource, name))


def stale(resource: Resource, name: str) -> Failure:
    """The object has changed since the writer read it."""
    message = (
        f'Operation cannot be fulfilled on {resource.title} "{name}": the object has been '
        "modified; please apply your changes to the latest version and try again"
    )
    return Failure(409, "Conflict", message, about(resource, name))


def precondition(resource: Resource, name: str, what: str, given: str, real: str) -> Failure:
    """A precondition of a deletion does not hold."""
    did = "deleted and then recreated" if what == "UID" else "modified"
    message = (
        f'Operation cannot be fulfilled on {resource.kind_title} "{name}": the {what} in the '
        f"precondition ({given}) does not match the {what} in record ({real}). "
        f"The object might have been {did}"
    )
    return Failure(409, "Conflict", message, about(resource, name, resource.kind))


def owned(conflicts: Iterable[tuple[str, str]]) -> Failure:
    """Other field managers own fields that an apply would change.

    Args:
        conflicts: (manager, field) pairs.
    """
    pairs = sorted(conflicts)
    by_manager: dict[str, list[str]] = {}
    for manager, field in pairs:
        by_manager.setdefault(manager, []).append(field)
    many = "conflict" if len(pairs) == 1 else "conflicts"
    head = f"Apply failed with {len(pairs)} {many}: "
    if len(pairs) == 1:
        message = f"{head}conflict with {pairs[0][0]}: {pairs[0][1]}"
    else:
        parts = [
            f"conflicts with {manager}:" + "".join(f"\n- {field}" for field in fields)
            for manager, fields in by_manager.items()
        ]
        message = head + "\n".join(parts)
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {manager}", "field": field}
        for manager, field in pairs
    ]
    return Failure(409, "Conflict", message, {"causes": causes})


def invalid(
    resource: Resource, name: str, causes: list[dict[str, str]], *, plural: bool = False
) -> Failure:
    """The object breaks its schema.

    Args:
        resource: its kind.
        name: its name.
        causes: reason, message and field of each violation.
        plural: whether the message names the resource rather than the kind.
    """
    lines = [f"{cause['field']}: {cause['message']}" for cause in causes]
    text = lines[0] if len(lines) == 1 else f"[{', '.join(lines)}]"
    title = resource.title if plural else resource.kind_title
    details = about(resource, name, "" if plural else resource.kind)
    return Failure(
        422, "Invalid", f'{title} "{name}" is invalid: {text}', {**details, "causes": causes}
    )


def bad_request(message: str) -> Failure:
    """The request itself cannot be read."""
    return Failure(400, "BadRequest", message)


def forbidden(
    resource: Resource, verb: str, namespace: str, name: str, user: str, subresource: str = ""
) -> Failure:
    """No role allows it."""
    what = f"{resource.plural}/{subresource}" if subresource else resource.plural
    scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    said = f' "{name}"' if name else ""
    message = (
        f'{resource.title}{said} is forbidden: User "{user}" cannot {verb} resource "{what}" '
        f'in API group "{resource.group}" {scope}'
    )
    return Failure(403, "Forbidden", message, about(resource, name))


def denied(webhook: str, message: str) -> Failure:
    """An admission webhook said no: reason and code are those of a missing role."""
    said = f'admission webhook "{webhook}" denied the request: {message}'
    return Failure(403, "Forbidden", said)


def expired(asked: int, oldest: int) -> Failure:
    """The history does not reach back that far."""
    return Failure(410, "Expired", f"too old resource version: {asked} ({oldest})")


def unsupported_media(accepted: str) -> Failure:
    """The kind of patch is not one that this kind takes."""
    message = (
        "the body of the request was in an unknown format - accepted media types include: "
        f"{accepted}"
    )
    return Failure(415, "UnsupportedMediaType", message)
