"""The table of costs is multiplied out from what is really asked for, and is current."""

from __future__ import annotations

import re
from itertools import pairwise
from math import isclose
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.cost import __main__ as command
from infra.cost import pods
from infra.cost.bill import lines
from infra.cost.pods import ROOT, Requests
from infra.cost.table import BEGIN, END, written
from tests.kserve_manifests.sources import rendered

TERRAFORM = ROOT / "infra" / "terraform"


@pytest.fixture
def data() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((TERRAFORM / "cost.yaml").read_text())
    return found


def test_the_table_is_current() -> None:
    assert command.main(["--check"]) == 0


def test_check_tells_of_another_price(
    tmp_path: Path, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    (tmp_path / "README.md").write_text(f"# Before\n{BEGIN}\n{END}\nafter\n")
    (tmp_path / "cost.yaml").write_text(yaml.safe_dump(data))
    assert command.main(["--check"]) == 1
    assert command.main([]) == 0
    assert command.main(["--check"]) == 0
    text = (tmp_path / "README.md").read_text()
    assert text.startswith("# Before\n")
    assert text.endswith("\nafter\n")

    data["prices"]["cpu"]["usd"] *= 2
    (tmp_path / "cost.yaml").write_text(yaml.safe_dump(data))
    assert command.main(["--check"]) == 1


@pytest.mark.parametrize("text", ["nothing", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}"])
def test_a_readme_without_a_place_is_refused(text: str, data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="each once"):
        written(text, data)


def test_sums_are_what_the_columns_say(data: dict[str, Any]) -> None:
    rows = [
        [cell.strip().strip("*") for cell in row.strip("|").split("|")]
        for row in written(f"{BEGIN}{END}", data).partition("not in the sums")[0].splitlines()
        if row.startswith(("| GKE", "| Network", "| Cloud", "| Art", "| Sec", "| Log", "| Mon"))
        or "Together" in row
    ]
    *bill, together = rows
    assert len(bill) == len(data["lines"])
    for column in range(2, 6):
        costs = [float(row[column].replace(",", "")) for row in bill]
        total = float(together[column].replace(",", ""))
        assert isclose(sum(costs), total, abs_tol=0.01 * len(costs))


def test_busy_costs_no_less_than_idle_and_prod_no_less_than_dev(data: dict[str, Any]) -> None:
    for line in lines(data):
        dev_idle, dev_busy, prod_idle, prod_busy = (line.cost(month) for month in range(4))
        assert dev_idle <= dev_busy <= prod_busy
        assert dev_idle <= prod_idle <= prod_busy


def test_pods_are_those_of_the_overlays(data: dict[str, Any]) -> None:
    idle = dict(zip(pods.SIZES, data["assumed"]["slot pods"][::2], strict=True))
    for size in pods.SIZES:
        objects = rendered(ROOT / "kserve_manifests" / "overlays" / "gateway" / size)
        (runtime,) = (one for one in objects if one["kind"] == "ServingRuntime")
        assert pods.slot(size) == pods.of_containers(runtime["spec"]["containers"])
        slots = [one for one in objects if one["kind"] == "InferenceService"]
        least = sum(one["spec"]["predictor"]["minReplicas"] for one in slots)
        assert least == pods.least_slot_pods(size) == idle[size]
        most = sum(one["spec"]["predictor"]["maxReplicas"] for one in slots)
        assert data["assumed"]["slot pods"][2 * pods.SIZES.index(size) + 1] <= most


def test_autopilot_fills_up_what_is_too_little() -> None:
    assert Requests(0.01, 0.01).charged() == Requests(0.05, 52 / 1024)
    assert Requests(2.0, 1.0).charged() == Requests(2.0, 2.0), "a GiB for each vCPU"
    assert Requests(0.1, 1.3).charged() == Requests(0.2, 1.3), "at most 6.5"
    assert Requests(0.6, 1.0).charged() == Requests(0.6, 1.0)


def test_runs_are_those_of_the_example(data: dict[str, Any]) -> None:
    crons = {
        one["pipeline"]: one["cron"]
        for one in yaml.safe_load((ROOT / "examples" / "schedules.yaml").read_text())[
            "schedules"
        ].values()
    }
    assert re.fullmatch(r"0 0 3 \* \* MON", crons["training"])
    assert re.fullmatch(r"0 \*/15 \* \* \* \*", crons["release"])
    assert re.fullmatch(r"0 10/15 \* \* \* \*", crons["deployment"])
    assert re.fullmatch(r"0 10 \* \* \* \*", crons["monitoring"])
    hours = data["hours"]
    assert data["assumed"]["trainings"][3] == pytest.approx(hours / 24 / 7, abs=0.01)
    assert data["assumed"]["releases"][3] == data["assumed"]["deployments"][3] == hours * 4
    assert data["assumed"]["monitorings"][3] == hours


def test_requests_of_the_platform_are_those_of_its_modules(data: dict[str, Any]) -> None:
    asked = re.compile(
        r'(?:([\w-]+) *= *\{ *)?(?:requests *= *\{ *)?cpu *= *"(\w+)", memory *= *"(\w+)"'
    )

    def found(module: str) -> list[tuple[str, str, str]]:
        text = "\n".join(
            path.read_text() for path in sorted((TERRAFORM / "modules" / module).glob("*.tf"))
        )
        return [one for one in asked.findall(text) if one]

    named = {name: (cpu, memory) for name, cpu, memory in found("pipelines")}
    for one in data["platform"]["pipelines"]:
        if one["name"] in named:
            assert (one["cpu"], one["memory"]) == named[one["name"]]
    assert named.keys() - {""} <= {one["name"] for one in data["platform"]["pipelines"]}

    addons = {(cpu, memory) for _, cpu, memory in found("addons")}
    for group in ("kserve", "gateway", "cert-manager"):
        for one in data["platform"][group]:
            assert (one["cpu"], one["memory"]) in addons, f"{group}: {one['name']}"


def test_each_price_says_how_it_is_known(data: dict[str, Any]) -> None:
    used = {term.price for line in lines(data) for term in line.terms}
    assert used == data["prices"].keys()
    for one in data["prices"].values():
        assert one["known"] in ("page", "second hand", "unverified")
        assert one["source"]
        assert one["usd"] > 0


def test_lines_of_a_part_stand_together(data: dict[str, Any]) -> None:
    parts = [line.part for line in lines(data)]
    changes = sum(first != second for first, second in pairwise(parts))
    assert changes == len(set(parts)) - 1
