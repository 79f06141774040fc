from __future__ import annotations

import pytest

from tests.kserve_manifests.sources import FOLDER, MODES, OVERLAYS, Object, of_mode, rendered


@pytest.fixture(params=[*(f"files of {mode}" for mode in MODES), *OVERLAYS])
def objects(request: pytest.FixtureRequest) -> list[Object]:
    """All objects of a mode: from its files, which needs no tool, and as rendered."""
    name: str = request.param
    if name.startswith("files of "):
        return of_mode(name.removeprefix("files of "))
    return rendered(FOLDER / "overlays" / name)


@pytest.fixture
def is_serverless(objects: list[Object]) -> bool:
    """Whether Knative runs the predictor."""
    return not any(one["kind"] == "HTTPRoute" for one in objects)
