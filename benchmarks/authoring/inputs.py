"""Large inputs, made of the small ones of the tests."""

from __future__ import annotations

from pathlib import Path

from tests.manifests.planting import CLEAN
from tests.pipeline_lint.many import many_tasks

SIZE = 1_000
# Documents of gateway.yaml: two models, their route and their budget; and Kubernetes' own kinds.
SERVING = slice(2, 6)
PLAIN = slice(5, 10)
_SCHEDULE = """  s{number}:
    pipeline: reproduction
    cron: "0 0 3 * * *"
    parameters: {{model: "gs://a"}}
    zone: Europe/Berlin
"""


def pipeline() -> str:
    """A compiled pipeline of a thousand tasks."""
    return many_tasks(SIZE)


def manifests(part: slice) -> str:
    """A thousand objects: documents of the gateway's manifest, each time in another namespace."""
    documents = (CLEAN / "gateway.yaml").read_text(encoding="utf-8").split("---\n")[part]
    copies = range(SIZE // len(documents))
    return "---\n".join(
        one.replace("namespace: fraud", f"namespace: n{number}")
        for number in copies
        for one in documents
    )


def schedules(folder: Path) -> Path:
    """A file that declares a thousand schedules."""
    path = folder / "schedules.yaml"
    body = "".join(_SCHEDULE.format(number=number) for number in range(SIZE))
    path.write_text(f"version: 1\nname: fraud\nschedules:\n{body}", encoding="utf-8")
    return path
