"""What pods ask for, and what GKE Autopilot charges for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = ROOT / "kserve_manifests"
SIZES = ("dev", "prod")

# https://cloud.google.com/kubernetes-engine/docs/concepts/autopilot-resource-requests: general
# purpose, clusters that let pods burst.
_LEAST_CPU, _LEAST_MEMORY, _MOST_MEMORY_PER_CPU, _DEFAULT_EPHEMERAL = 0.05, 52 / 1024, 6.5, 1.0

_UNITS = {"Ki": 2**-20, "Mi": 2**-10, "Gi": 1.0}


@dataclass(frozen=True, slots=True)
class Requests:
    """What a pod asks for, or several together do.

    Attributes:
        cpu: in vCPU.
        memory: in GiB.
        ephemeral: disk of the node, in GiB.
    """

    cpu: float
    memory: float
    ephemeral: float = _DEFAULT_EPHEMERAL

    def __add__(self, other: Requests) -> Requests:
        return Requests(
            self.cpu + other.cpu, self.memory + other.memory, self.ephemeral + other.ephemeral
        )

    def charged(self) -> Requests:
        """What Autopilot makes of it: its minimum, and memory of 1 to 6.5 GiB for a vCPU."""
        cpu = max(self.cpu, _LEAST_CPU, max(self.memory, _LEAST_MEMORY) / _MOST_MEMORY_PER_CPU)
        return Requests(cpu, max(self.memory, _LEAST_MEMORY, cpu), self.ephemeral)


def cores(quantity: str | float) -> float:
    """vCPU of a quantity such as ``250m``."""
    text = str(quantity)
    return float(text.removesuffix("m")) / 1000 if text.endswith("m") else float(text)


def gibibytes(quantity: str) -> float:
    """GiB of a quantity such as ``384Mi``."""
    return float(quantity[:-2]) * _UNITS[quantity[-2:]]


def of_containers(containers: list[dict[str, Any]]) -> Requests:
    """What a pod of these containers is charged for."""
    asked = [one["resources"]["requests"] for one in containers]
    return Requests(
        sum(cores(one["cpu"]) for one in asked),
        sum(gibibytes(one["memory"]) for one in asked),
        sum(gibibytes(one["ephemeral-storage"]) for one in asked),
    ).charged()


def slot(size: str) -> Requests:
    """A pod of a slot: predictor and sidecar, as a size has them."""
    (runtime,) = _documents(MANIFESTS / "base" / "serving_runtime.yaml")
    containers = runtime["spec"]["containers"]
    changes = MANIFESTS / "sizes" / size / "requests.yaml"
    for one in _documents(changes)[0] if changes.exists() else ():
        *parents, last = one["path"].removeprefix("/spec/containers/").split("/")
        place = containers
        for name in parents:
            place = place[int(name) if isinstance(place, list) else name]
        if one["op"] == "replace":
            place[last] = one["value"]
        elif one["op"] != "test" or place[last] != one["value"]:
            raise ValueError(f"{changes}: {one} is not understood, or does not hold")
    return of_containers(containers)


def guard() -> Requests:
    """The guard's pod."""
    (deployment,) = _documents(MANIFESTS / "base" / "guard" / "deployment.yaml")
    return of_containers(deployment["spec"]["template"]["spec"]["containers"])


def least_slot_pods(size: str) -> int:
    """Pods that both slots keep, whether they are asked or not."""
    services = [_documents(MANIFESTS / "modes" / "gateway" / f"slot_{one}.yaml")[0] for one in "ab"]
    least = [one["spec"]["predictor"]["minReplicas"] for one in services]
    changes = MANIFESTS / "sizes" / size / "replicas.yaml"
    for one in _documents(changes)[0] if changes.exists() else ():
        if one["path"] == "/spec/predictor/minReplicas":
            least = [one["value"]] * len(services)
    return sum(least)


def steps(pipeline: str, names: list[str]) -> Requests:
    """What steps of a compiled pipeline ask for together."""
    specification = _documents(ROOT / "pipelines" / "compiled" / f"{pipeline}.yaml")[0]
    executors = specification["deploymentSpec"]["executors"]
    asked = [executors[f"exec-{name}"]["container"]["resources"] for name in names]
    return together(
        Requests(cores(one["resourceCpuRequest"]), gibibytes(one["resourceMemoryRequest"]))
        for one in asked
    )


def together(pods: Iterable[Requests]) -> Requests:
    """What several pods are charged for."""
    return reduce(add, (one.charged() for one in pods))


def conditions() -> int:
    """Conditions of alert policies: a rule each, failed runs, and the one for silence."""
    (rules,) = _documents(MANIFESTS / "observability" / "alerts.yaml")
    return sum(len(group["rules"]) for group in rules["groups"]) + 2


def _documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
