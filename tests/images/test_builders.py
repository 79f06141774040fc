"""Which builder is taken, what it is told, and what is kept of its answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from phasegate.errors import BadInput, Unavailable
from phasegate.images.build import arguments, build
from phasegate.images.builders import Buildah, Buildx, Classic, Order
from phasegate.images.choice import choose_builder
from phasegate.images.context import Context

ROOT = Path(__file__).resolve().parents[2]
PUSHED = "sha256:" + "d" * 64


def _order(**changes: object) -> Order:
    given = {
        "environment": "core",
        "repository": "registry.example.org/core",
        "tag": "1",
        "context": ROOT,
        "arguments": {"ENVIRONMENT": "core"},
    }
    return Order(**(given | changes))


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of the path; programs in it write down how they were called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _program(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_buildx_is_preferred_and_its_driver_named(programs: Path) -> None:
    _program(programs, "docker", 'echo "Driver:        docker-container"')
    _program(programs, "buildah", "echo buildah")
    assert choose_builder() == Buildx("docker-container")


def test_docker_without_buildx_builds_classically(programs: Path) -> None:
    _program(programs, "docker", 'if [ "$1" = info ]; then echo 20.10; else exit 1; fi')
    assert choose_builder() == Classic()


def test_a_docker_whose_daemon_is_down_is_passed_over(programs: Path) -> None:
    _program(programs, "docker", '[ "$1" = buildx ] && echo "Driver: docker" || exit 1')
    _program(programs, "podman", "echo podman")
    assert choose_builder() == Buildah("podman")
    with pytest.raises(Unavailable, match="buildx does not answer"):
        choose_builder("buildx")


def test_without_any_builder_the_message_says_what_to_install(programs: Path) -> None:
    assert not list(programs.iterdir())
    with pytest.raises(Unavailable, match="Start Docker"):
        choose_builder()
    with pytest.raises(BadInput, match="one of auto, buildx"):
        choose_builder("kaniko")


def test_what_is_pushed_by_buildkit_is_attested_and_has_the_commits_times(tmp_path: Path) -> None:
    (command,) = Buildx("remote").commands(_order(push=True), tmp_path)
    assert {"--provenance=mode=max", "--sbom=true"} <= set(command)
    assert "type=registry,rewrite-timestamp=true" in command
    (command,) = Buildx("remote").commands(_order(push=True, sbom=False), tmp_path)
    assert "--provenance=mode=max" in command
    assert "--sbom=true" not in command


def test_the_docker_driver_attests_nothing_and_an_unpushed_image_is_loaded(tmp_path: Path) -> None:
    (command,) = Buildx("docker").commands(_order(push=True), tmp_path)
    assert {"--push", "--provenance=false"} <= set(command)
    (command,) = Buildx("remote").commands(_order(), tmp_path)
    assert {"--load", "--provenance=false"} <= set(command)


def test_secrets_are_files_that_are_named_and_never_arguments(tmp_path: Path) -> None:
    order = _order(secrets={"index": tmp_path / "index.env"})
    for builder in (Buildx("remote"), Buildah("buildah")):
        command = builder.commands(order, tmp_path)[0]
        assert f"id=index,src={tmp_path}/index.env" in command
    with pytest.raises(BadInput, match="classic builder has no secrets"):
        Classic().commands(order, tmp_path)


def test_the_image_is_told_its_commit_lock_and_source_but_no_base_that_nobody_named() -> None:
    context = Context(ROOT, "c" * 40, 1_700_000_000, "https://git.example.org/a")
    given = arguments(context, "core", "r/core:1", base="")
    assert given["GIT_COMMIT"] == "c" * 40
    assert given["LOCK_DIGEST"] == f"sha256:{context.lock_digest('core')}"
    assert given["SOURCE_DATE_EPOCH"] == "1700000000"
    assert "BASE_IMAGE" not in given
    assert arguments(context, "core", "r/core:1", base="b:1")["BASE_IMAGE"] == "b:1"
    declared = (ROOT / "Dockerfile").read_text()
    assert not [name for name in given if f"ARG {name}" not in declared]


_CLASSIC = """
case "$1" in
  build) /bin/cat > "$0.recipe"; echo "$DOCKER_BUILDKIT" > "$0.kit" ;;
  push) echo pushed >> "$0.log" ;;
  image) case "$*" in *RepoDigests*) echo '{digests}' ;; *) echo 1290000000 ;; esac ;;
esac
"""


def test_the_classic_builder_gets_no_mounts_and_the_registrys_digest_is_kept(
    programs: Path,
) -> None:
    other = f"registry.example.org/other@sha256:{'0' * 64}"
    digests = json.dumps([other, f"registry.example.org/core@{PUSHED}"])
    _program(programs, "docker", _CLASSIC.replace("{digests}", digests))
    (programs / "env").symlink_to("/usr/bin/env")
    built = build(Classic(), _order(push=True))
    assert (built.digest, built.size) == (PUSHED, 1_290_000_000)
    assert "RUN --mount" not in (programs / "docker.recipe").read_text()
    assert (programs / "docker.kit").read_text() == "0\n"
    assert (programs / "docker.log").read_text() == "pushed\n"


def test_a_push_that_gives_no_digest_is_an_error_and_not_an_empty_pin(programs: Path) -> None:
    _program(programs, "docker", _CLASSIC.replace("{digests}", "[]"))
    (programs / "env").symlink_to("/usr/bin/env")
    with pytest.raises(BadInput, match="told no digest"):
        build(Classic(), _order(push=True))


@pytest.mark.parametrize("verb", ["build", "push"])
def test_a_builder_that_fails_is_named_with_what_it_could_not_do(verb: str, programs: Path) -> None:
    _program(programs, "buildah", f'[ "$1" != {verb} ]')
    with pytest.raises(BadInput, match=f"buildah could not {verb} the image"):
        build(Buildah("buildah"), _order(push=True))


def test_buildahs_digest_is_read_from_the_file_that_its_push_writes(programs: Path) -> None:
    body = 'if [ "$1" = push ]; then echo ' + PUSHED + ' > "$3"; fi'
    _program(programs, "buildah", body)
    built = build(Buildah("buildah"), _order(push=True))
    assert (built.digest, built.size) == (PUSHED, None)
    assert build(Buildah("buildah"), _order()).digest == ""
