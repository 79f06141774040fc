"""Files of schedules: what they come to, and what is said about each that is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from phasegate.errors import BadInput
from phasegate.kubeflow.compiled import load_compiled
from phasegate.scheduling.reading import load_schedules
from tests.scheduling.declaring import NOW

_ROOT = Path(__file__).parents[2]
_COMPILED = _ROOT / "pipelines" / "compiled"


def _text(cron: str = '"0 0 3 * * *"', more: str = "", top: str = "") -> str:
    return f"""version: 1
name: fraud
{top}
parameters: {{model: gs://models/a}}
schedules:
  nightly:
    pipeline: reproduction
    cron: {cron}
    {more}
"""


def _load(folder: Path, text: str):
    path = folder / "schedules.yaml"
    path.write_text(text, encoding="utf-8")
    return load_schedules(path, NOW)


def test_the_example_is_valid_and_says_what_it_means(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    for one in (_ROOT / "examples").glob("*.yaml"):
        shutil.copy(one, tmp_path / "examples")
    shutil.copytree(_COMPILED, tmp_path / "compiled")
    found = load_schedules(tmp_path / "examples" / "schedules.yaml", NOW)
    training, deployment, release, monitoring = found.schedules
    assert found.owner == "card-fraud"
    compiled = load_compiled(_COMPILED / "training.yaml")
    assert training.version == compiled.digest
    assert (monitoring.version, monitoring.pipeline) == ("latest", "phasegate-monitoring")
    assert release.respect_pause
    assert deployment.pipeline == "phasegate-deployment"
    assert deployment.parameters["models"] == "gs://card-fraud/models"
    assert deployment.parameters["policy"] == release.parameters["policy"]
    assert deployment.parameters["flags"] == release.parameters["flags"] != "", "else all waits"
    assert deployment.service_account == "phasegate-pipeline"
    assert training.on_backend(NOW).cron.text == "0 0 2 * * MON", "Berlin is an hour ahead"
    assert training.parameters["store"] == "gs://card-fraud/store"
    assert training.parameters["name"] == "card-fraud"
    assert training.service_account == "phasegate-pipeline"
    assert training.local == release.local == (), "the data are in a bucket"


def test_paths_of_this_machine_are_told(tmp_path: Path) -> None:
    path = tmp_path / "schedules.yaml"
    path.write_text(
        f"version: 1\nname: fraud\nproject: {_ROOT}/examples/card-fraud.yaml\n"
        "schedules:\n  nightly:\n    pipeline: training\n    cron: '@daily'\n"
        "    parameters: {store: gs://a}\n"
    )
    (one,) = load_schedules(path, NOW).schedules
    assert "data" in one.local
    assert one.cron.text == "0 0 0 * * *"


def test_settings_of_a_cluster_have_to_be_in_the_pipeline(tmp_path: Path) -> None:
    path = tmp_path / "schedules.yaml"
    path.write_text(
        f"version: 1\nname: fraud\nproject: {_ROOT}/examples/card-fraud-kubernetes.yaml\n"
        "schedules:\n  nightly:\n    pipeline: training\n    cron: '@daily'\n"
        "    parameters: {store: gs://a}\n"
    )
    with pytest.raises(BadInput, match=r"line 6: the kubernetes section .* phasegate compile"):
        load_schedules(path, NOW)


def test_defaults_come_from_the_file(tmp_path: Path) -> None:
    top = "zone: Asia/Kolkata\nrespect_pause: true\nexperiment: nights\nprefix: fraud"
    (one,) = _load(tmp_path, _text(top=top)).schedules
    assert (one.zone, one.respect_pause, one.experiment) == (
        ZoneInfo("Asia/Kolkata"),
        True,
        "nights",
    )
    assert one.pipeline == "fraud-phasegate-reproduction"
    assert one.on_backend(NOW).cron.text == "0 30 21 * * *"
    assert one.parameters == {"model": "gs://models/a"}
    assert one.line == 9


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (_text('"0 3 * * *"'), r"line 8: .*five fields.*'0 0 3 \* \* \*'"),
        (_text('"* 0 3 * * *"'), r"line 8: .*in every second"),
        (_text('"0 0 25 * * *"'), r"line 8: .*hour '25' is not within 0 to 23"),
        (_text('"0 0 3 * * 7"'), r"line 8: .*day of the week '7'"),
        (_text('"0 0 3 31 2 *"'), r"line 8: .*no run within five years"),
        (_text('"CRON_TZ=Europe/Paris 0 0 3 * * *"'), r"line 8: .*'zone' is a key"),
        (_text(more="zone: Europe/Belin"), r"line 9: .*Europe/Belin.*Did you mean 'Europe/Berlin'"),
        (_text(top="zone: Mars/Olympus"), r"line 3: there is no time zone"),
        (_text('"0 0 0 1 * *"', "zone: Europe/Paris"), r"line 8: .*another day of the month"),
        (_text('"0 0 1 1 * *"', "zone: Europe/Paris"), r"line 8: .*another day of the month"),
        (_text(more="max_concurrency: 11"), r"line 9: .*a number from 1 to 10"),
        (_text(more="enabled: maybe"), r"line 9: .*true or false|line 9: .*boolean"),
        (_text(more="catchup: true"), r"line 9: unknown key.*Did you mean 'catch_up'"),
        (_text(more="version: v3"), r"line 9: .*pinned: that of the compiled file"),
        (_text(more="version: 123456789012"), r"line 9: .*type string"),
        (_text(more="parameters: {modell: a}"), r"line 9: .*no parameter 'modell'.*'model'"),
        (_text(more="parameters: {model: 3}"), r"line 9: .*'model' is 3, and not text"),
        (_text().replace("model: gs://models/a", ""), r"line 6: .*model is not given"),
        (_text().replace("{model", "{nobody: a, model"), r"line 4: no pipeline here .*'nobody'"),
        (_text().replace("reproduction", "nothing.yaml"), r"line 7: .*no such file.*training"),
        (_text(more="cron: again"), r"line 9: key 'cron' is there twice"),
        (_text().replace("nightly", "Nightly"), r"Nightly"),
        (_text().replace("name: fraud", ""), r"key 'name' is missing"),
        ("schedules: [", r"schedules.yaml:\d+:\d+: it is not YAML"),
        ("", r"it has no schedules"),
        (_text("* * * * * *"), r"not YAML|alias"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        _load(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        load_schedules(tmp_path / "absent.yaml")


def test_two_machines_agree_on_what_they_read(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    first, second = (_load(tmp_path / name, _text()).schedules[0] for name in ("one", "two"))
    assert first.on_backend(NOW).title == second.on_backend(NOW).title


def test_summer_time_is_looked_ahead_to(tmp_path: Path) -> None:
    (one,) = _load(tmp_path, _text(more="zone: Europe/Paris")).schedules
    winter = one.on_backend(NOW)
    assert winter.cron.text == "0 0 2 * * *"
    assert f"{winter.until:%Y-%m-%dT%H}" == "2027-03-28T01"
    assert one.on_backend(winter.until).cron.text == "0 0 1 * * *"
    (hourly,) = _load(tmp_path, _text('"0 5 * * * *"', "zone: Europe/Paris")).schedules
    assert hourly.on_backend(NOW).until is None, "it is the same in every whole hour"
