"""Starts Envoy and waits: ``python -m tests.traffic.starter FOLDER PLAN`` (JSON).

Says Envoy's process id and address; a test kills it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from phasegate.traffic.envoy.process import EnvoyProcess
from phasegate.traffic.plan import TrafficPlan

if __name__ == "__main__":
    plan = TrafficPlan.from_json(json.loads(sys.argv[2]))
    with EnvoyProcess(Path(sys.argv[1]), plan) as envoy:
        print(envoy.pid, envoy.address, flush=True)
        sys.stdin.read()
