"""What KServe, Knative, a gateway and a node would do with the objects of a test.

They are clients of the API like the real ones: the same code sets statuses on the fake and on a
real API server that has no nodes. Field by field they follow KServe 0.21 (Standard and Knative
mode), Knative Serving's revisions and traffic, and the Gateway API's conditions.

    with Controllers(client) as controllers:
        controllers.slow("card-fraud-b", seconds=0.5)
        controllers.crash("card-fraud-b")        # was ready, now its container keeps ending
        controllers.never("card-fraud-b")        # its pods do not become ready
        controllers.heal()
"""

from tests.kubernetes.controllers.behaviour import Behaviours
from tests.kubernetes.controllers.loop import Controllers

__all__ = ["Behaviours", "Controllers"]
