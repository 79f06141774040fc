"""Ours against what confseq and savvi answer; ``oracle/record.py`` says how it was recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phasegate.statistics import bernoulli, bounded, multinomial, normal_mixture

RECORDED = json.loads((Path(__file__).parent / "oracle" / "values.json").read_text())


def columns(name: str) -> list[np.ndarray]:
    return [np.array(column) for column in zip(*RECORDED[name], strict=True)]


def confseq_rho(v_opt: Any, alpha_opt: Any) -> Any:
    """confseq's tuning: an approximation of Lambert's W."""
    return v_opt / (-2 * np.log(alpha_opt) + np.log1p(-2 * np.log(alpha_opt)))


@pytest.mark.parametrize("sides", [1, 2])
def test_normal_mixture_is_the_one_of_confseq(sides: int) -> None:
    v, alpha, v_opt, alpha_opt, one_sided, bound = columns("normal_mixture")
    ours = one_sided == (sides == 1)
    rho = confseq_rho(v_opt, alpha_opt * (3 - sides))
    answers = normal_mixture.boundary(v, alpha, rho, sides)
    assert ours.sum() == len(ours) / 2
    np.testing.assert_allclose(answers[ours], bound[ours], rtol=1e-9)


@pytest.mark.parametrize("sides", [1, 2])
def test_multiplier_is_no_wider_at_the_plan_than_with_the_tuning_of_confseq(sides: int) -> None:
    v, alpha, v_opt, alpha_opt, one_sided, bound = columns("normal_mixture")
    at = (one_sided == (sides == 1)) & (v == v_opt) & (alpha == alpha_opt)
    ours = normal_mixture.multiplier(v, alpha, v_opt, sides)[at] * np.sqrt(v[at])
    assert at.sum() >= 2
    assert (ours <= bound[at] * (1 + 1e-12)).all()
    np.testing.assert_allclose(ours, bound[at], rtol=1e-3)


def test_gamma_exponential_mixture_is_the_one_of_confseq() -> None:
    v, alpha, v_opt, _, alpha_opt, bound = columns("gamma_exponential")
    evidence = bounded.log_mixture(bound, v, confseq_rho(v_opt, 2 * alpha_opt))
    np.testing.assert_allclose(evidence, -np.log(alpha), rtol=1e-6)


def test_bounded_boundary_is_the_one_of_confseq_but_for_its_tuning() -> None:
    v, alpha, v_opt, _, alpha_opt, bound = columns("gamma_exponential")
    same = alpha == alpha_opt
    np.testing.assert_allclose(bounded.boundary(v, alpha, v_opt)[same], bound[same], rtol=0.05)


def test_beta_binomial_mixture_is_the_one_of_confseq() -> None:
    s, v, v_opt, g, h, alpha_opt, _, evidence = columns("beta_binomial")
    r = np.maximum(confseq_rho(v_opt, 2 * alpha_opt) - g * h, 1e-3 * g * h)
    trials = v / (g * h)
    successes = np.round(s + trials * g)
    ours = bernoulli.log_e_value(successes, trials, g, prior=(r / h, r / g))
    np.testing.assert_allclose(ours, evidence, rtol=1e-8, atol=1e-8)


def test_multinomial_is_the_one_of_savvi() -> None:
    for shares, counts, concentration, evidence in RECORDED["multinomial"]:
        ours = multinomial.log_e_value(np.array(counts), np.array(shares), concentration)
        assert ours == pytest.approx(evidence, rel=1e-8, abs=1e-8)
