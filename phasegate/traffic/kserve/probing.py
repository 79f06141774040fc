"""A request that a model must have answered before it gets traffic."""

from __future__ import annotations

import json
import secrets

from phasegate.errors import Unavailable
from phasegate.traffic.headers import REQUEST_ID, ROLE
from phasegate.traffic.plan import Backend

_SECONDS = 10.0


def ask(backend: Backend) -> None:
    """Ask a model for the score of one row without values.

    The prediction log has it as a shadow's, under an id that begins with ``probe-``.

    Raises:
        Unavailable: no answer, an error, or the answer of another model.
    """
    from phasegate.serving.client import ModelClient, ServingFailure

    where = f"{backend.name} at {backend.address}"
    try:
        with ModelClient(f"http://{backend.address}", backend.model, _SECONDS) as client:
            row = dict.fromkeys(client.inputs())
            headers = {ROLE: "shadow", REQUEST_ID: f"probe-{secrets.token_hex(8)}"}
            body = json.dumps({"instances": [row]}).encode()
            path = f"/v1/models/{backend.model}:predict"
            status, answer = client.send("POST", path, body, headers)
    except ServingFailure as error:
        raise Unavailable(f"it does not answer ({error})", where=where) from None
    if status != 200:
        text = " ".join(answer.decode(errors="replace").split())[:300]
        raise Unavailable(f"it answers a request with {status}: {text}", where=where)
    try:
        digest = str(json.loads(answer)["model_digest"])
    except (KeyError, TypeError, ValueError):
        raise Unavailable("its answer does not say which model it is of", where=where) from None
    if digest[:12] != backend.name:
        raise Unavailable(f"model {digest[:12]} answers there", where=where, expected=backend.name)
