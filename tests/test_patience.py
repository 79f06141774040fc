"""For how long is asked: by whoever asks, by the environment, or half a minute."""

from __future__ import annotations

import pytest

from phasegate.errors import BadInput
from phasegate.patience import VARIABLE, patience


def test_what_is_given_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert patience() == 30
    monkeypatch.setenv(VARIABLE, "2.5")
    assert patience() == 2.5
    assert patience(0.5) == 0.5


@pytest.mark.parametrize("text", ["", "soon", "-1", "nan", "inf"])
def test_what_is_no_number_of_seconds_is_said(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(BadInput, match=VARIABLE):
        patience()
