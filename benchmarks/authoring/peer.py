"""kubernetes-validate on a thousand objects: `python peer.py FOLDER`, in its own environment."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def peak() -> float:
    """The most memory that was in use, in megabytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(one.split()[1]) for one in lines if one.startswith("VmHWM")) / 1e3


def main() -> None:
    """Read and validate, as its command does, and print one line of JSON."""
    begin = time.process_time()
    import kubernetes_validate
    import yaml

    text = Path(sys.argv[1], "plain.yaml").read_text(encoding="utf-8")
    version = kubernetes_validate.latest_version()
    cpu, wall = time.process_time(), time.perf_counter()
    for one in yaml.load_all(text, Loader=yaml.CSafeLoader):
        kubernetes_validate.validate(one, version, strict=True)
    found = {
        "ready": cpu - begin,
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "peak": peak(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
