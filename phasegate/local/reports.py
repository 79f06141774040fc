"""Give the pages that steps wrote a name that a browser knows how to open."""

from __future__ import annotations

import shutil
from pathlib import Path

from phasegate.local.record import RunRecord


def collect_pages(record: RunRecord, folder: Path) -> dict[str, Path]:
    """Copy each step's page to ``reports/STEP.html`` in the run's folder; returns them by step.

    KFP gives an HTML artifact a path without a suffix, which browsers show as plain text.
    """
    pages = {}
    for step in record.steps:
        pages_of = (step.outputs.get(name) for name in ("page", "report"))
        for page in pages_of:
            if not (isinstance(page, dict) and Path(page["uri"]).is_file()):
                continue
            target = folder / "reports" / f"{step.name}.html"
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(page["uri"], target)
            pages[step.name] = target
    return pages
