"""`phasegate images build`: which tag, and what is kept of what was pushed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from phasegate import __version__
from phasegate.cli.__main__ import main
from phasegate.images import choice
from phasegate.images.builders import Order
from phasegate.images.pins import Pins

DIGEST = "sha256:" + "d" * 64


@dataclass
class Recording:
    """A builder that builds nothing, and keeps what it was asked for."""

    name: str = "recording"
    orders: list[Order] = field(default_factory=list)

    def commands(self, order: Order, scratch: Path) -> list[list[str]]:  # noqa: ARG002
        self.orders.append(order)
        return [["true"]]

    def recipe(self, dockerfile: str) -> None:  # noqa: ARG002
        return

    def digest(self, order: Order, scratch: Path) -> str:  # noqa: ARG002
        return DIGEST

    def size(self, order: Order) -> None:  # noqa: ARG002
        return


@pytest.mark.parametrize(
    ("options", "tag"), [([], __version__), (["--tag", "4f2a-17-1"], "4f2a-17-1")]
)
def test_images_have_the_version_or_a_tag_of_ones_own(
    options: list[str], tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = Recording()
    monkeypatch.setattr(choice, "choose_builder", lambda _: builder)
    pins = tmp_path / "images.json"
    place = ["--push", "--registry", "registry.example.org/fraud", "--pins", str(pins)]

    monkeypatch.setattr("sys.argv", ["phasegate", "images", "build", "core", *place, *options])
    assert main() == 0

    (order,) = builder.orders
    assert order.reference == f"registry.example.org/fraud/core:{tag}"
    assert order.arguments["IMAGE"] == order.reference
    assert Pins.load(pins).pins["core"].reference == f"registry.example.org/fraud/core@{DIGEST}"
