"""One InferenceService in Knative mode: Knative's revisions are the slots, KServe splits traffic.

`KServeServerlessTarget` carries out a plan by ``canaryTrafficPercent``; Knative cannot copy
requests, so that a shadow is the champion's prediction log, sent again (`replay`).
"""

from phasegate.traffic.kserve.serverless.target import KServeServerlessTarget

__all__ = ["KServeServerlessTarget"]
