"""Where local runs keep everything."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from phasegate.digests import digest_file, digest_json
from phasegate.local.environments import ROOT


@dataclass(frozen=True)
class Workspace:
    """Where local runs keep everything.

    Attributes:
        folder: by default ``.phasegate`` in the working directory.
    """

    folder: Path

    @property
    def store(self) -> Path:
        """Parts of snapshots, by content."""
        return self.folder / "store"

    @property
    def tracking(self) -> Path:
        """MLflow's database and artifacts."""
        return self.folder / "mlflow"

    @property
    def runs(self) -> Path:
        """One folder for each run."""
        return self.folder / "runs"

    def cache(self, tracking: str) -> Path:
        """Cache for the code and locks as they are now, and for one tracking server.

        kfp knows a step by its image's name; here the image is this checkout.
        """
        return self.folder / "cache" / digest_json([_code_digest(), tracking])[:16]


def _code_digest() -> str:
    """Digest of everything that a step's result depends on beside its inputs."""
    files = [
        *(ROOT / "phasegate").rglob("*.py"),
        *(ROOT / "components").rglob("*.py"),
        *(ROOT / "requirements").glob("*.txt"),
    ]
    names = {str(path.relative_to(ROOT)): digest_file(path) for path in sorted(files)}
    return digest_json([names, sys.version])
