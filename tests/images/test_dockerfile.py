"""Rules that the recipe of all images keeps."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from phasegate.images.recipe import without_mounts

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SCRIPTS = sorted((ROOT / "images").glob("*.sh"))


def _instructions(text: str) -> list[tuple[str, str]]:
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", lines)
    pairs = [line.partition(" ") for line in joined.splitlines() if line.strip()]
    return [(word, rest.strip()) for word, _, rest in pairs]


INSTRUCTIONS = _instructions(TEXT)
LAST_STAGE = INSTRUCTIONS[max(i for i, (word, _) in enumerate(INSTRUCTIONS) if word == "FROM") :]


def _values(word: str, instructions: list[tuple[str, str]] = INSTRUCTIONS) -> list[str]:
    return [rest for name, rest in instructions if name == word]


def test_there_is_no_entrypoint_because_kfp_passes_the_command() -> None:
    assert not _values("ENTRYPOINT")
    assert len(_values("CMD")) == 1


def test_the_image_runs_as_a_number_that_is_not_root() -> None:
    (user,) = _values("USER", LAST_STAGE)
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert [word for word, _ in LAST_STAGE].index("USER") > max(
        index for index, (word, _) in enumerate(LAST_STAGE) if word in {"RUN", "COPY", "WORKDIR"}
    )


def test_every_stage_has_the_base_that_the_argument_names_with_a_tag() -> None:
    assert {rest.split(" AS ")[0] for rest in _values("FROM")} == {"${BASE_IMAGE}"}
    tag = next(value for value in _values("ARG") if value.startswith("BASE_IMAGE="))
    assert re.fullmatch(r"BASE_IMAGE=[\w./-]+:(?!latest)[\w.-]+", tag)


def test_nothing_is_added_from_an_address_and_copies_are_named() -> None:
    assert not _values("ADD")
    for value in _values("COPY"):
        assert not re.search(r"https?:|(^|\s)\.(/|\s)", value)


def test_libraries_come_only_with_hashes_and_code_after_them() -> None:
    installs = [
        line
        for script in SCRIPTS
        for line in re.sub(r"\\\n\s*", " ", script.read_text(encoding="utf-8")).splitlines()
        if re.search(r"\bpip (install|sync)\b", line) and not line.startswith("#")
    ]
    assert len(installs) == 2
    assert all("--require-hashes" in line and "--only-binary :all:" in line for line in installs)
    copies = _values("COPY", LAST_STAGE)
    libraries = next(i for i, value in enumerate(copies) if "--from=libraries" in value)
    code = next(i for i, value in enumerate(copies) if "--from=code" in value)
    assert libraries < code


def test_the_index_and_its_credentials_do_not_reach_the_last_stage() -> None:
    assert not [rest for word, rest in LAST_STAGE if "INDEX_URL" in rest or "secret" in rest]
    assert not [rest for _, rest in INSTRUCTIONS if re.search(r"(PASSWORD|TOKEN)\b", rest)]


def test_the_image_says_what_it_is_made_of() -> None:
    (label,) = _values("LABEL", LAST_STAGE)
    for name in (
        "dev.phasegate.lock.digest",
        "org.opencontainers.image.revision",
        "org.opencontainers.image.source",
        "org.opencontainers.image.version",
    ):
        assert f"{name}=" in label


def test_a_read_only_root_needs_no_other_place_than_tmp() -> None:
    (text,) = _values("ENV", LAST_STAGE)
    variables = dict(pair.split("=", 1) for pair in text.split())
    assert variables["HOME"] == "/tmp"
    assert variables["PYTHONDONTWRITEBYTECODE"] == "1"
    for name in ("MPLCONFIGDIR", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        assert variables[name].startswith("/tmp/")


def test_the_classic_builder_gets_the_same_recipe_without_mounts() -> None:
    classic = without_mounts(TEXT)
    assert "--mount" not in re.sub(r"(?m)^#.*", "", classic)
    runs = [re.sub(r"--mount=\S+\s*", "", value) for value in _values("RUN")]
    assert _values("RUN", _instructions(classic)) == runs
    assert [word for word, _ in _instructions(classic)] == [word for word, _ in INSTRUCTIONS]


def test_libraries_without_wheels_are_named_and_in_a_lock() -> None:
    text = (ROOT / "images" / "install_libraries.sh").read_text(encoding="utf-8")
    (named,) = re.findall(r'^sources="(.*)"$', text, re.MULTILINE)
    locks = "".join(
        (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        for name in ("author", "core", "drift", "sidecar", "tfdv")
    )
    for name in named.split():
        assert re.search(rf"^{name}==", locks, re.MULTILINE), name


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_posix_shell_that_stops_at_the_first_failure(script: Path) -> None:
    subprocess.run(["sh", "-n", str(script)], check=True)
    if script.name != "network.sh":  # is sourced
        assert "set -eu" in script.read_text(encoding="utf-8")


def test_pruning_keeps_code_and_gives_all_files_one_time(tmp_path: Path) -> None:
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    kept = ["pandas/core.py", "tensorflow/test/api.py", "tensorflow/libtensorflow_cc.so.2"]
    gone = [
        "pandas/tests/test_core.py",
        "pandas/core.pyi",
        "tensorflow/include/a.h",
        "clang/native/libclang.so",
    ]
    for name in kept + gone:
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text("x")
    subprocess.run(
        ["sh", str(ROOT / "images" / "prune.sh"), str(tmp_path)],
        env={"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": "1700000000"},
        check=True,
    )
    for name in kept:
        assert (packages / name).stat().st_mtime == 1_700_000_000
    assert not [name for name in gone if (packages / name).exists()]
