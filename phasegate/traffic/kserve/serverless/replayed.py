"""What became of replayed requests, in a ConfigMap beside the InferenceService.

The replay's own bookmark lies in the store. This is what a target, which knows no store, tells.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from phasegate.errors import BadInput
from phasegate.kubernetes.cluster import Cluster
from phasegate.kubernetes.kinds import CONFIG_MAP

MirrorCounts = tuple[int, int, Mapping[str, int]]  # copies, answers, lost by reason
NOTHING: MirrorCounts = (0, 0, {})


def replay_object(name: str) -> str:
    """Name of the ConfigMap of an InferenceService's replay."""
    return f"{name}-replay"


def read_replayed(
    cluster: Cluster, namespace: str, name: str, champion: str, challenger: str
) -> MirrorCounts:
    """Copies, answers and losses since the two were paired.

    Raises:
        BadInput: the object cannot be read, or is not what the replay writes.
        Unavailable: no answer.
    """
    found = cluster.get(CONFIG_MAP, namespace, replay_object(name))
    data = (found or {}).get("data") or {}
    if data.get("pair") != f"{champion}-{challenger}":
        return NOTHING
    try:
        lost = {str(reason): int(count) for reason, count in json.loads(data["lost"]).items()}
        return int(data["copies"]), int(data["answers"]), lost
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise BadInput(
            f"these are no counts of a replay ({error!r})",
            where=f"ConfigMap {namespace}/{replay_object(name)}",
            fix="delete it; the next replay writes it again",
        ) from None


def write_replayed(
    cluster: Cluster,
    namespace: str,
    name: str,
    champion: str,
    challenger: str,
    counts: MirrorCounts,
) -> None:
    """Tell what became of copies; the newest word counts.

    Raises:
        BadInput: the object may not be written.
        Unavailable: no answer.
    """
    copies, answers, lost = counts
    about = {
        "namespace": namespace,
        "name": replay_object(name),
        "labels": {"app.kubernetes.io/part-of": "phasegate", "phasegate.dev/model": name},
    }
    data = {
        "pair": f"{champion}-{challenger}",
        "copies": str(copies),
        "answers": str(answers),
        "lost": json.dumps(dict(lost), sort_keys=True),
    }
    cluster.apply(CONFIG_MAP, {"metadata": about, "data": data}, force=True)
