"""From a request to its answer."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from typing import Any

from tests.kubernetes.fake import failures
from tests.kubernetes.fake.faults import Faults
from tests.kubernetes.fake.kinds import CRD, Resource
from tests.kubernetes.fake.objects import Objects, Options
from tests.kubernetes.fake.registry import Registry
from tests.kubernetes.fake.requests import Call
from tests.kubernetes.fake.selectors import Selects, selects
from tests.kubernetes.fake.store import Event, Store

Answer = tuple[int, Any]

_MERGE, _JSON = "application/merge-patch+json", "application/json-patch+json"
_APPLY = "application/apply-patch+yaml"
_STRATEGIC = "application/strategic-merge-patch+json"
_WATCH_SECONDS = 1800


class Stream:
    """Lines of a watch; None when nothing has happened for a while."""

    def __init__(self, lines: Iterator[dict[str, Any] | None]) -> None:
        self._lines = lines

    def __iter__(self) -> Iterator[dict[str, Any] | None]:
        return self._lines


class Answers:
    """What the API answers; all of its state.

    Attributes:
        registry: kinds that are served.
        store: objects.
        faults: what a test made go wrong.
    """

    def __init__(self) -> None:
        self.registry, self.store, self.faults = Registry(), Store(), Faults()
        self.objects = Objects(self.store, self.faults.admit)
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    @property
    def calls(self) -> list[Call]:
        """All requests for objects so far, in the order in which they were answered."""
        with self._lock:
            return list(self._calls)

    def record(self, call: Call) -> None:
        """Keep a request for the test."""
        with self._lock:
            self._calls.append(call)

    def answer(self, call: Call) -> Answer:
        """Carry a request out.

        Raises:
            Failure: what the API says against it.
        """
        self.faults.authorize(call)
        resource = call.resource
        assert resource is not None
        match call.verb:
            case "get":
                found = self.store.get(resource, call.namespace, call.name)
                if found is None:
                    raise failures.not_found(resource, call.name)
                return 200, found
            case "list":
                return 200, self._list(resource, call)
            case "watch":
                return 200, Stream(self._watch(resource, call))
            case "delete":
                return self._delete(resource, call)
            case "create" | "update" | "patch":
                return self._write(resource, call)
        raise failures.Failure(405, "MethodNotAllowed", "the server does not allow this method")

    def _write(self, resource: Resource, call: Call) -> Answer:
        options = Options(
            manager=call.manager,
            subresource=call.subresource,
            dry_run=call.query.get("dryRun") == "All",
            strict=call.query.get("fieldValidation") == "Strict",
            force=call.query.get("force") == "true",
        )
        there = self.store.get(resource, call.namespace, call.name) is not None
        if call.verb == "create":
            value = _typed(resource, call.value)
            result = self.objects.create(resource, call.namespace, value, options)
        elif call.verb == "update":
            value = _typed(resource, call.value)
            result = self.objects.update(resource, call.namespace, call.name, value, options)
        elif call.content_type == _APPLY:
            _managed(call)
            result = self.objects.apply(resource, call.namespace, call.name, call.value, options)
        else:
            if call.content_type == _STRATEGIC and not resource.custom:
                what = "this fake does no strategic merge patches; a real API server does"
                raise failures.Failure(501, "NotImplemented", what)
            if call.content_type not in (_MERGE, _JSON):
                raise failures.unsupported_media(", ".join([_JSON, _MERGE, _APPLY]))
            result = self.objects.patch(
                resource,
                call.namespace,
                call.name,
                call.value,
                options,
                operations=call.content_type == _JSON,
            )
        if resource == CRD and not options.dry_run:
            self.registry.install(result)
        created = call.verb == "create" or (call.content_type == _APPLY and not there)
        return 201 if created else 200, result

    def _delete(self, resource: Resource, call: Call) -> Answer:
        wish = call.value if call.body else {}
        gone, went = self.objects.delete(resource, call.namespace, call.name, wish)
        if not went:
            return 200, gone
        if resource == CRD:
            self.registry.uninstall(gone["spec"]["names"]["plural"], gone["spec"]["group"])
        details = failures.about(resource, call.name) | {"uid": gone["metadata"]["uid"]}
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        return 200, {**status, "details": details}

    def _list(self, resource: Resource, call: Call) -> dict[str, Any]:
        wanted = _selector(call)
        rows, version = self.store.list(resource, call.namespace)
        rows = [one for one in rows if wanted(one)]
        metadata: dict[str, Any] = {"resourceVersion": str(version)}
        if after := call.query.get("continue"):
            start = json.loads(base64.urlsafe_b64decode(after))
            rows = [one for one in rows if _place(one) > start]
        limit = int(call.query.get("limit") or 0)
        if limit and len(rows) > limit:
            last = json.dumps(_place(rows[limit - 1])).encode()
            metadata["continue"] = base64.urlsafe_b64encode(last).decode()
            metadata["remainingItemCount"] = len(rows) - limit
            rows = rows[:limit]
        if not resource.custom:  # the real API names the kind of the list alone
            rows = [
                {key: one for key, one in row.items() if key not in ("apiVersion", "kind")}
                for row in rows
            ]
        return {
            "apiVersion": resource.api_version,
            "kind": f"{resource.kind}List",
            "metadata": metadata,
            "items": rows,
        }

    def _watch(self, resource: Resource, call: Call) -> Iterator[dict[str, Any] | None]:
        wanted = _selector(call)
        since = int(call.query.get("resourceVersion") or 0)
        seconds = float(call.query.get("timeoutSeconds") or _WATCH_SECONDS)
        if not since:
            rows, since = self.store.list(resource, call.namespace)
            for one in rows:
                if wanted(one):
                    yield {"type": "ADDED", "object": one}
        try:
            for event in self.store.watch(resource, since, seconds):
                if event is None:
                    yield None
                elif line := _line(event, call.namespace, wanted):
                    yield line
        except failures.Failure as failure:
            yield {"type": "ERROR", "object": failure.status()}


def _selector(call: Call) -> Selects:
    return selects(call.query.get("labelSelector", ""), call.query.get("fieldSelector", ""))


def _line(event: Event, namespace: str, wanted: Selects) -> dict[str, Any] | None:
    """The event as a watch with a selector sees it: objects come into view, and leave it."""
    if namespace not in ("", event.object["metadata"].get("namespace", "")):
        return None
    was = event.before is not None and wanted(event.before)
    now = event.kind != "DELETED" and wanted(event.object)
    if not was and not now:
        return None
    kind = "ADDED" if not was else "MODIFIED" if now else "DELETED"
    return {"type": kind, "object": event.object}


def _typed(resource: Resource, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value.get("kind"):
        raise failures.bad_request("Object 'Kind' is missing")
    if value["kind"] != resource.kind:
        said = f'Invalid value: "{value["kind"]}": must be {resource.kind}'
        cause = {"reason": "FieldValueInvalid", "message": said, "field": "kind"}
        raise failures.invalid(resource, value.get("metadata", {}).get("name", ""), [cause])
    return value


def _managed(call: Call) -> None:
    if not call.query.get("fieldManager"):
        said = "Required value: is required for apply patch"
        cause = {"reason": "FieldValueRequired", "message": said, "field": "fieldManager"}
        raise failures.Failure(
            422,
            "Invalid",
            f'PatchOptions.meta.k8s.io "" is invalid: fieldManager: {said}',
            {"group": "meta.k8s.io", "kind": "PatchOptions", "causes": [cause]},
        )


def _place(value: dict[str, Any]) -> list[str]:
    return [value["metadata"].get("namespace", ""), value["metadata"]["name"]]
