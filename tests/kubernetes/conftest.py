"""The real API server of the cluster tier, started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kubernetes import real


@pytest.fixture(scope="session")
def real_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.RealApi]:
    """A real API server; skips where there is none, or `make test` runs."""
    if not real.ASKED_FOR:
        pytest.skip(real.NOT_ASKED_FOR)
    with real.SHARED.api(tmp_path_factory.mktemp("api-server")) as found:
        if found is None:
            pytest.skip(real.NONE)
        yield found
