"""Headers of a request that the proxy, the predictor and the clients agree on."""

from __future__ import annotations

REQUEST_ID = "x-request-id"
CLOUD_EVENT_ID = "ce-id"  # KServe's payload logger takes the id from here, and only from here
ROLE = "x-phasegate-role"
ENTITY = "x-entity-id"
COHORT = "x-phasegate-cohort"  # four digits made of the entity: see `phasegate.traffic.cohorts`
SHADOW_HOST = "-shadow"  # what Envoy, and gateways made of it, append to the host name of a copy
EVENT_TIME = "x-event-time"
EVENT_ID = "x-event-id"  # of a raw event, where that is not the id of the request
