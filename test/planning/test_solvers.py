# SPDX-License-Identifier: Apache-2.0
"""CEM, MPPI and what they minimise, on costs whose optimum is known."""

from __future__ import annotations

import math

import pytest
import torch
from small_model import small_jepa

from ami_ros.planning.cem import cem_update
from ami_ros.planning.mppi import mppi_update
from ami_ros.planning.objective import (
    TERM_NAMES,
    disagreement_term,
    effort_term,
    goal_term,
    step_weights,
    total,
)

SAMPLES, HORIZON, ACTION, ELITES = 64, 5, 6, 8
MINIMUM_STD = 0.05


def cem(candidates, cost):
    return cem_update(candidates, cost, ELITES, MINIMUM_STD)


def mppi(candidates, cost):
    return mppi_update(candidates, cost, 0.3, MINIMUM_STD)


SOLVERS = pytest.mark.parametrize("update", [cem, mppi])


def bowl(candidates: torch.Tensor, bottom: float = 0.4) -> torch.Tensor:
    return ((candidates - bottom) ** 2).sum(dim=(1, 2))


def optimise(update, iterations: int = 30, spoil=lambda cost: cost) -> tuple[list[float], torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    mean, std = torch.zeros(HORIZON, ACTION), torch.full((HORIZON, ACTION), 0.7)
    costs = [float(bowl(mean[None])[0])]
    for _ in range(iterations):
        noise = torch.randn(SAMPLES, HORIZON, ACTION, generator=generator)
        candidates = (mean + std * noise).clamp(-1.0, 1.0)
        mean, std = update(candidates, spoil(bowl(candidates)))
        assert mean.shape == std.shape == (HORIZON, ACTION)
        assert (std >= MINIMUM_STD).all()
        assert (mean.abs() <= 1.0 + 1e-6).all()
        costs.append(float(bowl(mean[None])[0]))
    return costs, mean


@SOLVERS
def test_a_convex_cost_falls(update):
    costs, mean = optimise(update)
    assert costs[3] < 0.7 * costs[0]
    assert costs[-1] < 0.1 * costs[0]
    assert (mean - 0.4).abs().mean() < 0.15


@SOLVERS
def test_bit_for_bit_the_same(update):
    assert optimise(update)[0] == optimise(update)[0]


@SOLVERS
@pytest.mark.parametrize("broken", [1, SAMPLES // 2, SAMPLES - 3 * ELITES])
def test_costs_that_are_not_finite_are_survived(update, broken):
    def spoil(cost):
        cost[:broken] = math.nan
        cost[broken // 2] = math.inf
        return total(cost[:, None])

    costs, mean = optimise(update, 40, spoil)
    assert torch.isfinite(mean).all()
    assert costs[-1] < 0.7 * costs[0]


@SOLVERS
def test_nothing_but_nan_gives_something_finite(update):
    candidates = torch.randn(SAMPLES, HORIZON, ACTION, generator=torch.Generator().manual_seed(2)).clamp(
        -1, 1
    )
    mean, std = update(candidates, total(torch.full((SAMPLES, 2), math.nan)))
    assert torch.isfinite(mean).all()
    assert torch.isfinite(std).all()
    assert (mean.abs() <= 1.0 + 1e-6).all()


@SOLVERS
def test_equal_costs_are_no_division_by_zero(update):
    candidates = torch.randn(SAMPLES, HORIZON, ACTION, generator=torch.Generator().manual_seed(2))
    mean, std = update(candidates, torch.full((SAMPLES,), 3.0))
    assert torch.isfinite(mean).all()
    assert torch.isfinite(std).all()


def test_cem_takes_the_cheapest_by_hand():
    candidates = torch.tensor([0.0, 1.0, 2.0, 9.0]).view(4, 1, 1)
    mean, std = cem_update(candidates, torch.tensor([5.0, 1.0, 0.0, 7.0]), 2, 0.1)
    assert float(mean) == 1.5
    assert float(std) == pytest.approx(math.sqrt(0.5))
    _, floor = cem_update(candidates, torch.tensor([5.0, 1.0, 0.0, 7.0]), 2, 0.9)
    assert float(floor) == pytest.approx(0.9)


def test_mppi_weights_by_hand():
    candidates = torch.tensor([0.0, 1.0, 2.0]).view(3, 1, 1)
    cost = torch.tensor([1.0, 2.0, 4.0])  # median 2, spread 1
    weights = torch.tensor([1.0, math.exp(-2.0), math.exp(-6.0)])
    weights /= weights.sum()
    mean, std = mppi_update(candidates, cost, 0.5, 0.0)
    expected = float((weights * torch.tensor([0.0, 1.0, 2.0])).sum())
    assert float(mean) == pytest.approx(expected)
    variance = float((weights * (torch.tensor([0.0, 1.0, 2.0]) - expected) ** 2).sum())
    assert float(std) == pytest.approx(math.sqrt(variance))


def test_mppi_does_not_care_about_the_unit_of_the_cost():
    candidates = torch.randn(SAMPLES, HORIZON, ACTION, generator=torch.Generator().manual_seed(3))
    cost = bowl(candidates)
    for unit in (1e-4, 1000.0):
        torch.testing.assert_close(mppi(candidates, cost), mppi(candidates, cost * unit))


def test_step_weights_by_hand():
    torch.testing.assert_close(step_weights(3, 0.5), torch.tensor([0.25, 0.5, 1.0]) / 1.75)
    torch.testing.assert_close(step_weights(HORIZON, 1.0), torch.full((HORIZON,), 1 / HORIZON))
    weights = step_weights(HORIZON, 0.8)
    assert float(weights.sum()) == pytest.approx(1.0)
    assert (weights.diff() > 0).all()


def test_terms_by_hand():
    distance = torch.tensor([[1.0, 2.0], [3.0, 0.0]])
    torch.testing.assert_close(goal_term(distance, torch.tensor([0.25, 0.75])), torch.tensor([3.25, 2.25]))
    actions = torch.tensor([[[1.0, 0.0, -1.0], [0.5, 0.5, 0.5]]])
    torch.testing.assert_close(effort_term(actions, 3.0), torch.tensor([3.0 * (2 / 3 + 0.25)]))
    torch.testing.assert_close(disagreement_term(distance, 0.5), torch.tensor([0.75, 0.75]))
    terms = torch.tensor([[1.0, 2.0, 4.0], [math.nan, 1.0, 0.0], [math.inf, 1.0, 0.0], [-math.inf, 0.0, 0.0]])
    assert total(terms)[0] == 7.0
    assert (total(terms)[1:] > 1e29).all()
    assert len(TERM_NAMES) == terms.shape[1]


def test_a_rollout_is_predict_again_and_again():
    model = small_jepa()
    generator = torch.Generator().manual_seed(4)
    latent, joints = torch.randn(1, 11, generator=generator), torch.randn(1, 8, generator=generator)
    actions = torch.rand(7, HORIZON, ACTION, generator=generator) * 2 - 1
    with torch.inference_mode():
        latents, positions = model.rollout(latent, joints, actions)
        assert latents.shape == (7, HORIZON, 11)
        assert positions.shape == (7, HORIZON, 8)
        rows = model.rollout(latent.expand(7, -1), joints.expand(7, -1), actions)
        torch.testing.assert_close(rows, (latents, positions))
        z, q = latent, joints
        for step in range(HORIZON):
            z, q = model.predict(z, q, actions[3:4, step])
            torch.testing.assert_close(latents[3, step], z[0])
            torch.testing.assert_close(positions[3, step], q[0])
