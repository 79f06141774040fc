"""The kill switch: a flag in a file that flagd reads too, or of any OpenFeature provider."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openfeature.flag_evaluation import FlagResolutionDetails
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from phasegate.errors import BadInput
from phasegate.release.flag_file import read_flags
from phasegate.release.kill_switch import FLAG, kill_switch, pull, release
from tests.release.samples import START

WHY = "complaints about declined cards"
ON = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "flags" / "flags.json"


def change(path: Path, model: str, on: bool) -> None:
    """Switch a model's flag."""
    (pull if on else release)(path, model, reason=WHY, actor="ann", now=START)


def write(path: Path, flags: object) -> None:
    """A file with these flags."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"flags": flags}))


def test_it_is_off_where_nobody_has_switched_it(path: Path) -> None:
    switch = kill_switch(str(path))
    assert switch.is_on("fraud") is False
    write(path, {"another": ON})
    assert switch.is_on("fraud") is False


def test_it_follows_the_file_and_is_of_one_model(path: Path) -> None:
    switch = kill_switch(str(path))
    change(path, "fraud", True)
    assert (switch.is_on("fraud"), switch.is_on("churn")) == (True, False)
    change(path, "churn", True)
    change(path, "fraud", False)
    assert (switch.is_on("fraud"), switch.is_on("churn")) == (False, True)
    assert read_flags(path)[FLAG]["metadata"] == {
        "reason": WHY, "by": "ann", "at": START.isoformat()
    }  # fmt: skip


def test_other_content_of_the_file_stays(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({"$evaluators": {}, "flags": {"another": ON}}))
    change(path, "fraud", True)
    change(path, "fraud", False)
    document = json.loads(path.read_text())
    assert document["$evaluators"] == {}
    assert document["flags"]["another"] == ON


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "{}", '{"flags": []}', '{"flags": {"release-kill": 1}}',
        '{"flags": {"release-kill": {}}}', "\udcff", "[" * 100_000,
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_understood_is_never_off(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    switch = kill_switch(str(path))
    assert switch.is_on("fraud") is None
    assert switch.problem
    with pytest.raises(BadInput):
        change(path, "fraud", False)
    change(path, "fraud", True)  # a kill works whatever is there
    assert switch.is_on("fraud") is True
    assert path.with_name("flags.json.unreadable").exists()


@pytest.mark.parametrize(
    "flag",
    [
        {**ON, "state": "on"},
        {**ON, "defaultVariant": "maybe"},
        {**ON, "defaultVariant": None},
        {**ON, "variants": {"on": "true", "off": False}},
        {**ON, "variants": {"on": 1, "off": 0}},
        {**ON, "targeting": {"fractional": [["on", 50], ["off", 50]]}},
    ],
)
def test_a_flag_that_cannot_be_understood_is_never_off(path: Path, flag: object) -> None:
    write(path, {FLAG: flag})
    assert kill_switch(str(path)).is_on("fraud") is None


def test_a_folder_in_its_place_is_never_off(path: Path) -> None:
    path.mkdir(parents=True)
    assert kill_switch(str(path)).is_on("fraud") is None


def test_a_switch_for_every_model_is_not_weakened(path: Path) -> None:
    write(path, {FLAG: ON})
    switch = kill_switch(str(path))
    change(path, "fraud", True)
    assert switch.is_on("churn") is True
    with pytest.raises(BadInput, match="on for every model"):
        change(path, "fraud", False)
    write(path, {FLAG: {**ON, "state": "DISABLED"}})
    assert switch.is_on("fraud") is False


def test_it_needs_a_reason(path: Path) -> None:
    with pytest.raises(BadInput, match="at least 10 characters"):
        pull(path, "fraud", reason="why not", actor="ann", now=START)
    assert not path.exists()


def in_memory() -> InMemoryProvider:
    """A provider as somebody else may write one."""

    def resolve(_: object, context) -> FlagResolutionDetails[bool]:
        return FlagResolutionDetails(context.targeting_key == "fraud", variant="on")

    return InMemoryProvider(
        {FLAG: InMemoryFlag("off", {"on": True, "off": False}, context_evaluator=resolve)}
    )


def without_the_flag() -> InMemoryProvider:
    """A provider that does not know the flag: one cannot pull what is not there."""
    return InMemoryProvider({})


def failing() -> InMemoryProvider:
    """A provider that cannot be reached."""

    class Failing(InMemoryProvider):
        def initialize(self, _: object) -> None:
            raise ConnectionError("no flagd here")

        def resolve_boolean_details(self, *_: object) -> FlagResolutionDetails[bool]:
            raise ConnectionError("no flagd here")

    return Failing({})


def test_any_provider_of_openfeature_can_be_named() -> None:
    switch = kill_switch(f"{__name__}:in_memory")
    assert (switch.is_on("fraud"), switch.is_on("churn")) == (True, False)
    assert kill_switch(f"{__name__}:without_the_flag").is_on("fraud") is None
    assert kill_switch(f"{__name__}:failing").is_on("fraud") is None
    with pytest.raises(BadInput, match="no provider of feature flags"):
        kill_switch(f"{__name__}:absent")
    with pytest.raises(BadInput, match="no provider of feature flags"):
        kill_switch("no_such_module:factory")
