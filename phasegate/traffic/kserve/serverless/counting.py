"""What the pods of a revision have counted: requests of users, since those pods began.

Copies are not among them: the replay counts those where it sends them.
"""

from __future__ import annotations

import http.client

from phasegate.errors import BadInput
from phasegate.kubernetes.cluster import Cluster
from phasegate.kubernetes.kinds import POD
from phasegate.traffic.kserve.counts import Counted, Pages, Tally, read_page

_PORT = 8080
_SECONDS = 2.0
_MOST_BYTES = 4 << 20
# Knative cannot tell a model which part it plays: what is not a shadow's is a user's.
_USERS = ("champion", "challenger")


class RevisionPages:
    """Reads the metrics pages of a revision's pods, whichever can be reached.

    Args:
        cluster: that the pods are in.
        namespace: of the pods.
    """

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster, self._namespace = cluster, namespace

    def __call__(self, revision: str) -> dict[str, str]:
        """The page of each pod by the pod's name; none where the cluster does not tell."""
        try:
            pods = self._cluster.list(
                POD, self._namespace, f"serving.knative.dev/revision={revision}"
            )
        except BadInput:
            return {}
        pages = {}
        for pod in pods:
            address = (pod.get("status") or {}).get("podIP")
            page = _page(address) if address else None
            if page is not None:
                pages[pod["metadata"]["name"]] = page
        return pages


class RevisionCounts:
    """Counts that never go backwards while this object lives.

    Args:
        pages: reads the pods' metrics.
    """

    def __init__(self, pages: Pages) -> None:
        self._pages, self._tally = pages, Tally()

    def __call__(self, revision: str, model: str, slot: str) -> Counted:
        """Requests of users that a revision has answered."""
        read = {pod: read_page(page, model, slot) for pod, page in self._pages(revision).items()}
        requests = errors = 0
        for role in _USERS:
            self._tally.see(
                revision, role, {pod: one.get(role, Counted()) for pod, one in read.items()}
            )
            total = self._tally.total(revision, role, {})
            requests, errors = requests + total.requests, errors + total.errors
        return Counted(requests, errors)


def _page(address: str) -> str | None:
    connection = http.client.HTTPConnection(address, _PORT, timeout=_SECONDS)
    try:
        connection.request("GET", "/metrics", headers={"Accept": "text/plain"})
        response = connection.getresponse()
        body = response.read(_MOST_BYTES)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return body.decode("utf-8", "replace") if response.status == 200 else None
