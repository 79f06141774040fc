"""The methods of the REST API: paths, query parameters and types, read from ``kfp_server_api``."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from functools import cache

import kfp_server_api
from kfp_server_api import api

from tests.kubeflow.fake.refusals import Refused

_SERVICES = ("pipeline", "pipeline_upload", "experiment", "run", "recurring_run", "healthz")


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of the API.

    Attributes:
        name: as the package calls it.
        method: HTTP method.
        path: matches addresses; its groups are the path's parameters.
        query: names of query parameters.
        body: type of the body; empty where it has none, or is a file.
        answer: type of the answer.
    """

    name: str
    method: str
    path: re.Pattern[str]
    query: frozenset[str]
    body: str
    answer: str


@cache
def operations() -> tuple[Operation, ...]:
    """All methods of the services that the fake knows; those without parameters in their path
    first."""
    found = []
    for service in _SERVICES:
        title = "".join(word.title() for word in service.split("_")) + "ServiceApi"
        if not hasattr(kfp_server_api, title):
            raise AssertionError(f"kfp_server_api has no {title}; it has {sorted(vars(api))}")
        for name, function in vars(getattr(kfp_server_api, title)).items():
            if name.endswith("_with_http_info"):
                found.append(_operation(name.removesuffix("_with_http_info"), function))
    return tuple(sorted(found, key=lambda one: one.path.pattern.count("(?P<")))


def _operation(name: str, function: object) -> Operation:
    source = inspect.getsource(function)  # type: ignore[arg-type]
    path, method = re.search(r"call_api\(\s*'([^']+)', '(\w+)'", source).groups()  # type: ignore[union-attr]
    answer = re.search(r"response_type='([^']+)'", source)
    body = re.search(r"body_params = local_var_params\['(\w+)'\]", source)
    kind = re.search(rf":type {body[1]}: (\w+)", source) if body else None
    pattern = re.sub(r"\\\{(?:\w+\\?\.)?(\w+)\\\}", r"(?P<\1>[^/:]+)", re.escape(path))
    return Operation(
        name,
        method,
        re.compile(pattern + "$"),
        frozenset(re.findall(r"query_params\.append\(\('([^']+)'", source)),
        kind[1] if kind else "",
        answer[1] if answer else "object",
    )


def find(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """The method that a request is for, and the parameters in its path.

    Raises:
        Refused: 404 or 501, there is none.
    """
    known = False
    for operation in operations():
        if match := operation.path.match(path):
            if operation.method == method:
                return operation, match.groupdict()
            known = True
    raise Refused(501 if known else 404, "Method Not Allowed" if known else "Not Found")
