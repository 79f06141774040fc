"""The file of digests: written by a push, refused when stale, taken by the compiler."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import yaml

from phasegate.errors import BadInput
from phasegate.images.context import Context, observe_context
from phasegate.images.pins import Pin, Pins, kustomization, merge

ROOT = Path(__file__).resolve().parents[2]
DIGEST = "sha256:" + "a" * 64


def _pin(context: Context, environment: str, **changes: str) -> Pin:
    pin = Pin(
        image=f"registry.example.org/fraud/{environment}",
        digest=DIGEST,
        lock_digest=context.lock_digest(environment),
        code_digest=context.code_digest(),
        commit="c" * 40,
        size=1_290_000_000,
    )
    return replace(pin, **changes)


@pytest.fixture(scope="module")
def context() -> Context:
    return observe_context(ROOT)


def test_what_is_written_is_read_again_and_other_images_are_kept(
    context: Context, tmp_path: Path
) -> None:
    path = tmp_path / "new" / "images.json"
    merge(path, {"core": _pin(context, "core"), "tfdv": _pin(context, "tfdv")})
    newer = _pin(context, "core", digest="sha256:" + "b" * 64)
    merge(path, {"core": newer})
    assert Pins.load(path).pins == {"core": newer, "tfdv": _pin(context, "tfdv")}
    assert [name.name for name in path.parent.iterdir()] == ["images.json"]


def test_a_current_image_is_named_by_its_digest(context: Context, tmp_path: Path) -> None:
    merge(tmp_path / "i.json", {"core": _pin(context, "core")})
    pin = Pins.load(tmp_path / "i.json").current("core", context)
    assert pin.reference == f"registry.example.org/fraud/core@{DIGEST}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lock_digest": "0" * 64}, "from another lock than there is now"),
        ({"code_digest": "0" * 64}, "from another code than there is now"),
        ({"lock_digest": "0" * 64, "code_digest": "0" * 64}, "another lock and other code than"),
    ],
)
def test_an_image_of_something_else_is_refused(
    changes: dict[str, str], message: str, context: Context, tmp_path: Path
) -> None:
    merge(tmp_path / "i.json", {"core": _pin(context, "core", **changes)})
    with pytest.raises(BadInput, match=message) as caught:
        Pins.load(tmp_path / "i.json").current("core", context)
    assert "phasegate images build --push core" in str(caught.value)


def test_an_environment_that_was_not_pushed_is_refused(context: Context, tmp_path: Path) -> None:
    merge(tmp_path / "i.json", {"core": _pin(context, "core")})
    with pytest.raises(BadInput, match="no image of environment 'tfdv'"):
        Pins.load(tmp_path / "i.json").current("tfdv", context)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("{", "not JSON"),
        ("[]", "not a file of image digests"),
        ('{"core": {"image": "r/core"}}', "core: not an image by its digest"),
        ('{"core": "r/core@sha256:1"}', "core: not an image by its digest"),
    ],
)
def test_a_file_that_is_no_file_of_digests_is_refused(
    text: str | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "images.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadInput, match=message):
        Pins.load(path)


def test_the_id_of_a_local_image_is_not_taken_for_a_digest(
    context: Context, tmp_path: Path
) -> None:
    path = tmp_path / "images.json"
    value = asdict(_pin(context, "core")) | {"digest": "55068418fb1e"}
    path.write_text(json.dumps({"core": value}))
    with pytest.raises(BadInput, match="sha256"):
        Pins.load(path)


def test_kustomize_puts_digests_in_place_of_the_manifests_names(context: Context) -> None:
    pins = {"drift": _pin(context, "drift"), "core": _pin(context, "core")}
    document = yaml.safe_load(kustomization(pins, "phasegate"))
    assert document["kind"] == "Component"
    assert document["images"] == [
        {
            "name": f"phasegate/{name}",
            "newName": f"registry.example.org/fraud/{name}",
            "digest": DIGEST,
        }
        for name in ("core", "drift")
    ]


def _compile(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "phasegate.cli", "compile", *options]
    variables = {k: v for k, v in os.environ.items() if not k.startswith("PHASEGATE_IMAGE")}
    return subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )


def test_compiled_pipelines_run_in_the_pinned_images_and_tell_their_steps(
    context: Context, tmp_path: Path
) -> None:
    pins = {name: _pin(context, name) for name in ("core", "tfdv")}
    merge(tmp_path / "images.json", pins)
    done = _compile("--images", str(tmp_path / "images.json"), "--output", str(tmp_path / "out"))
    if context.code_digest() != pins["core"].code_digest:
        pytest.skip("the code was edited while this test ran")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (ROOT / "pipelines" / "compiled").glob("*.yaml")}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    for name in names:
        text = (tmp_path / "out" / name).read_text()
        executors = next(yaml.safe_load_all(text))["deploymentSpec"]["executors"]
        for executor in executors.values():
            container = executor["container"]
            assert container["image"] in {pin.reference for pin in pins.values()}
            assert container["env"] == [{"name": "PHASEGATE_IMAGE", "value": container["image"]}]


def test_pinned_pipelines_do_not_overwrite_the_projects_own(tmp_path: Path) -> None:
    done = _compile("--images", str(tmp_path / "images.json"))
    assert done.returncode == 2
    assert "--output" in done.stderr


def test_a_stale_file_of_digests_compiles_nothing(context: Context, tmp_path: Path) -> None:
    stale = {name: _pin(context, name, lock_digest="0" * 64) for name in ("core", "tfdv")}
    merge(tmp_path / "images.json", stale)
    done = _compile("--images", str(tmp_path / "images.json"), "--output", str(tmp_path / "out"))
    assert done.returncode == 2
    assert "from another lock" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
