"""The model registry of a real MLflow server."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from phasegate.digests import digest_files
from phasegate.errors import BadInput
from phasegate.registry.models import MODEL_FILES, RegisteredVersion, Registry, connect
from phasegate.registry.tracking import tracked_run

pytestmark = pytest.mark.usefixtures("mlflow")


@pytest.fixture
def registry() -> Registry:
    return connect()


@pytest.fixture
def enter(registry: Registry, tmp_path: Path):
    """Registers a model whose bytes are a text, as the component does."""

    def enter(name: str, content: str) -> RegisteredVersion:
        model, provenance = tmp_path / content / "model", tmp_path / content / "provenance"
        for folder in (model, provenance):
            folder.mkdir(parents=True, exist_ok=True)
        for file in MODEL_FILES:
            (model / file).write_text(content)
        (provenance / "provenance.json").write_text("{}")
        digest = digest_files(model, MODEL_FILES)
        with tracked_run(name, content) as run:
            pass
        source = registry.upload(run.run_id, digest, {"model": model, "provenance": provenance})
        return registry.register(
            name, run.run_id, digest, source=source, tags={"seal": "of approval"}, description=""
        )

    return enter


def test_the_first_version_is_champion_and_later_ones_are_challengers(
    registry: Registry, enter
) -> None:
    assert registry.champion("aliases") is None
    first, second, third = (enter("aliases", content) for content in ("one", "two", "three"))
    assert [one.version for one in (first, second, third)] == [1, 2, 3]
    assert [one.alias for one in (first, second, third)] == [
        "champion",
        "challenger",
        "challenger",
    ]
    assert registry.champion("aliases") == first
    assert registry.resolve("aliases@challenger") == third
    assert registry.resolve("aliases/2").aliases == ()
    assert registry.resolve("models:/aliases/1") == first
    assert first.tags["seal"] == "of approval"


def test_the_same_model_registered_twice_is_one_version(registry: Registry, enter) -> None:
    first, again = enter("twice", "same"), enter("twice", "same")
    assert again == first
    assert len(registry.versions("twice")) == 1


def test_a_registration_cut_off_before_its_alias_is_finished_by_the_next(
    registry: Registry, enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(registry._client, "set_registered_model_alias", cut_off)
        with pytest.raises(KeyboardInterrupt):
            enter("cut-off", "content")
    assert registry.champion("cut-off") is None
    assert enter("cut-off", "content").version == 1
    assert registry.champion("cut-off").version == 1


def test_a_registration_cut_off_before_its_version_leaves_no_version(
    registry: Registry, enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(registry._client, "create_model_version", cut_off)
    with pytest.raises(KeyboardInterrupt):
        enter("nothing", "content")
    assert registry.versions("nothing") == []
    assert registry.champion("nothing") is None


def test_a_download_is_what_was_registered(registry: Registry, enter, tmp_path: Path) -> None:
    version = enter("download", "bytes")
    folder = registry.download(version, tmp_path / "here")
    assert digest_files(folder / "model", MODEL_FILES) == version.model_digest
    assert (folder / "provenance" / "provenance.json").read_text() == "{}"
    assert registry.download(version, folder) == folder
    assert {path.name for path in tmp_path.iterdir()} == {"bytes", "here"}


def test_a_changed_file_on_the_server_is_refused_and_leaves_nothing(
    registry: Registry, enter, tmp_path: Path
) -> None:
    version = enter("changed", "right")
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "model.ubj").write_text("wrong")
    registry.upload(version.run_id, version.model_digest, {"model": wrong})
    with pytest.raises(BadInput, match=r"changed/1: its bytes are not the ones"):
        registry.download(version, tmp_path / "here")
    assert list((tmp_path / "here").iterdir()) == []


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("known", "NAME@ALIAS or NAME/VERSION"),
        ("known/x", "NAME@ALIAS or NAME/VERSION"),
        ("o'brien@champion", "NAME@ALIAS or NAME/VERSION"),
        ("known/9", r"no version 9; expected one of known@champion, known/1"),
        ("known@shadow", r"no alias shadow; expected one of known@champion, known/1"),
        ("unknown/1", r"no model is registered as 'unknown'; expected one of .*known"),
    ],
)
def test_a_reference_that_leads_nowhere_names_what_there_is(
    registry: Registry, enter, reference: str, words: str
) -> None:
    enter("known", "content")
    with pytest.raises(BadInput, match=words):
        registry.resolve(reference)


def test_a_version_made_by_others_cannot_be_downloaded(
    registry: Registry, enter, tmp_path: Path
) -> None:
    ours = enter("foreign", "content")
    registry._client.create_model_version("foreign", ours.source, ours.run_id)
    foreign = registry.resolve("foreign/2")
    assert foreign.model_digest == ""
    with pytest.raises(BadInput, match="a version made by phasegate"):
        registry.download(foreign, tmp_path / "here")


def test_a_run_of_another_server_is_replaced_by_one_of_this(registry: Registry) -> None:
    run_id = registry.run_for("elsewhere", "0123456789")
    assert registry._client.get_run(run_id).data.tags["training_run"] == "0123456789"
    assert registry.run_for("elsewhere", run_id) == run_id


def test_an_error_that_is_our_own_is_not_hidden(registry: Registry) -> None:
    with pytest.raises(MlflowException):
        registry._create_model("a/b")
