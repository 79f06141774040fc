"""What a Terraform plan would change, as one digest: `terraform show -json PLAN | digest.py`.

Who approves has seen one plan, and what is applied is planned later: both have the same digest,
or something else would change. What is left alone, and when the plan was made, does not count.
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any


def changes(plan: dict[str, Any]) -> dict[str, Any]:
    """The changes of a plan's JSON to resources and outputs, by address."""
    resources = {
        one["address"] + (f" ({one['deposed']})" if "deposed" in one else ""): one["change"]
        for one in plan.get("resource_changes", ())
    }
    found = {"resources": resources, "outputs": plan.get("output_changes", {})}
    return {
        kind: {name: change for name, change in of.items() if change["actions"] != ["no-op"]}
        for kind, of in found.items()
    }


def digest(plan: dict[str, Any]) -> str:
    """Hex sha256 of what a plan's JSON would change."""
    text = json.dumps(changes(plan), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    print(digest(json.load(sys.stdin)))
