"""A model that treats two groups differently does not get through the fairness gate."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from tests.end_to_end.conftest import Phasegate

PROJECT = """\
version: 1
name: loans
data:
  source: loans.csv
  label: {column: repaid, positive: "yes"}
  protected: [sex]
features:
  numeric: [income, debt]
  categorical: [sex]
split: {order: random}
training:
  rounds: 30
  parameters: {max_depth: 3}
evaluation:
  bootstrap: {replicates: 100}
  minimum_slice: 100
  gates:
    - {metric: roc_auc, min: 0.6, bound: lower}
    - {metric: demographic_parity_ratio, min: 0.8, by: sex}
"""


@pytest.mark.nightly
def test_an_unfair_model_is_blocked_by_name_of_the_group_and_gate(phasegate: Phasegate) -> None:
    generator = np.random.default_rng(5)
    income, debt = generator.normal(3, 1, 4000), generator.normal(1, 0.3, 4000)
    is_male = generator.random(4000) < 0.5
    repaid = income - debt + 2.5 * is_male + generator.normal(0, 0.7, 4000) > 3.2
    with (phasegate.folder / "loans.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["income", "debt", "sex", "repaid"])
        for values in zip(income, debt, is_male, repaid, strict=True):
            number, owed, male, paid = values
            row = [f"{number:.4f}", f"{owed:.4f}", "male" if male else "female"]
            rows.writerow([*row, "yes" if paid else "no"])

    blocked = phasegate("run", phasegate.project("loans.yaml", PROJECT), "--json")

    assert blocked.code == 1, blocked.err
    summary = blocked.json
    checks = {check["name"]: check for check in summary["verdicts"]["evaluate"]["checks"]}
    assert checks["roc_auc"]["outcome"] == "PASS"
    assert checks["demographic_parity_ratio by sex"]["outcome"] == "BLOCK"
    assert summary["registered"] is None
    shown = phasegate("show")
    assert "blocked" in shown.out
    assert "demographic_parity_ratio" in shown.out
