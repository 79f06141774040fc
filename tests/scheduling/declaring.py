"""Schedules as a test declares them."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from phasegate.kubeflow.compiled import Compiled
from phasegate.scheduling.cron import parse
from phasegate.scheduling.declaration import Schedule, Wanted
from phasegate.scheduling.plan import Catalog

NOW = datetime(2026, 11, 29, 15, 55, tzinfo=UTC)
OWNER = "card-fraud"
DIGESTS = ("a" * 64, "b" * 64)
CATALOG = Catalog(
    {"training": "p1"}, {("p1", one): f"v-{one[0]}" for one in DIGESTS} | {("p1", "latest"): "v-a"},
    {"fraud": "e1"},
)  # fmt: skip


def schedule(name: str = "nightly", **changed: object) -> Schedule:
    """A schedule that is declared."""
    values: dict = {
        "owner": OWNER,
        "name": name,
        "compiled": Compiled(Path("training.yaml"), "training", b"", DIGESTS[0], {}, {}),
        "prefix": "",
        "version": DIGESTS[0],
        "cron": "0 0 3 * * *",
        "zone": "UTC",
        "backend_zone": "UTC",
        "catch_up": False,
        "max_concurrency": 1,
        "parameters": {"store": "gs://a"},
        "experiment": "fraud",
        **changed,
    }
    values["cron"] = parse(values["cron"])
    values["zone"] = ZoneInfo(values["zone"])
    values["backend_zone"] = ZoneInfo(values["backend_zone"])
    return Schedule(**values)


def wanted(name: str = "nightly", **changed: object) -> Wanted:
    """A schedule as the backend should have it."""
    return schedule(name, **changed).on_backend(NOW)
