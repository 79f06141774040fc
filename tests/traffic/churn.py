"""Changes plans without end: ``python -m tests.traffic.churn FOLDER PLAN...`` (JSON).

Says a line after each; a test kills it in the middle of one.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

from phasegate.traffic.envoy.target import EnvoyTarget
from phasegate.traffic.plan import TrafficPlan

if __name__ == "__main__":
    target = EnvoyTarget(Path(sys.argv[1]))
    plans = [TrafficPlan.from_json(json.loads(text)) for text in sys.argv[2:]]
    for plan in itertools.cycle(plans):
        target.apply(plan)
        print("applied", flush=True)
