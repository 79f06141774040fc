"""Image digests as a variable of Terraform: `images.py images.json > images.tfvars.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def variables(pins: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Of the file that `phasegate images build --push` writes: images by their digests."""
    return {"images": {name: f"{pin['image']}@{pin['digest']}" for name, pin in pins.items()}}


if __name__ == "__main__":
    found = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps(variables(found), indent=2))
