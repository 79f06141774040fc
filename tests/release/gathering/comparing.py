"""Evidence that is equal but for the rounding of sums."""

from __future__ import annotations

from typing import Any

import pytest

from phasegate.values import to_json


def assert_same(found: Any, wanted: Any) -> None:
    """Counts are equal, sums nearly."""
    _same(to_json(found), to_json(wanted), "")


def _same(found: Any, wanted: Any, where: str) -> None:
    if isinstance(wanted, dict):
        assert set(found) == set(wanted), where
        for name in wanted:
            _same(found[name], wanted[name], f"{where}.{name}")
    elif isinstance(wanted, list):
        assert found == wanted, where
    else:
        # Squares of sums that cancel lose digits of what was summed.
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-6), where
