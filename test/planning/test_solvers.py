# SPDX-License-Identifier: Apache-2.0
"""CEM and MPPI on costs whose optimum is known, and the settings of both by name."""

from __future__ import annotations

import math

import pytest
import torch

from ami_ros.errors import ConfigError
from ami_ros.planning.objective import finite
from ami_ros.planning.sections import SOLVERS as KNOWN
from ami_ros.planning.solvers import cem as cem_file
from ami_ros.planning.solvers import mppi as mppi_file

SAMPLES, HORIZON, ACTION, ELITES = 64, 5, 6, 8
MINIMUM_STD = 0.05


def cem(candidates, cost, elites: int = ELITES):
    return cem_file.Refit(cem_file.Settings(elites))(candidates, cost)


def mppi(candidates, cost, temperature: float = 0.3):
    return mppi_file.Refit(mppi_file.Settings(temperature))(candidates, cost)


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
        assert (std >= 0.0).all()
        std = std.clamp_min(MINIMUM_STD)  # as the search does
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
        return finite(cost)

    costs, mean = optimise(update, 40, spoil)
    assert torch.isfinite(mean).all()
    assert costs[-1] < 0.7 * costs[0]


@SOLVERS
def test_nothing_but_nan_gives_something_finite(update):
    candidates = torch.randn(SAMPLES, HORIZON, ACTION, generator=torch.Generator().manual_seed(2)).clamp(
        -1, 1
    )
    mean, std = update(candidates, finite(torch.full((SAMPLES,), math.nan)))
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
    mean, std = cem(candidates, torch.tensor([5.0, 1.0, 0.0, 7.0]), 2)
    assert float(mean) == 1.5
    assert float(std) == pytest.approx(math.sqrt(0.5))


def test_mppi_weights_by_hand():
    candidates = torch.tensor([0.0, 1.0, 2.0]).view(3, 1, 1)
    cost = torch.tensor([1.0, 2.0, 4.0])  # median 2, spread 1
    weights = torch.tensor([1.0, math.exp(-2.0), math.exp(-6.0)])
    weights /= weights.sum()
    mean, std = mppi(candidates, cost, 0.5)
    expected = float((weights * torch.tensor([0.0, 1.0, 2.0])).sum())
    assert float(mean) == pytest.approx(expected)
    variance = float((weights * (torch.tensor([0.0, 1.0, 2.0]) - expected) ** 2).sum())
    assert float(std) == pytest.approx(math.sqrt(variance))


def test_mppi_does_not_care_about_the_unit_of_the_cost():
    candidates = torch.randn(SAMPLES, HORIZON, ACTION, generator=torch.Generator().manual_seed(3))
    cost = bowl(candidates)
    for unit in (1e-4, 1000.0):
        torch.testing.assert_close(mppi(candidates, cost), mppi(candidates, cost * unit))


def test_a_cost_that_is_not_finite_never_wins():
    cost = finite(torch.tensor([7.0, math.nan, math.inf, -math.inf]))
    assert cost[0] == 7.0
    assert (cost[1:] > 1e29).all()


def test_solvers_are_found_by_the_name_of_their_file():
    assert KNOWN.ours() == ["cem", "hold", "inverse_model", "mppi", "random", "retrieval"]
    for name in KNOWN.ours():
        assert KNOWN.named(name).Solver.__doc__
    with pytest.raises(ConfigError, match=r"solvers: got 'cma', expected some of \['cem', 'hold'"):
        KNOWN.named("cma")
    with pytest.raises(ConfigError, match=r"solvers: got '\.\./gaussian', expected some of"):
        KNOWN.named("../gaussian")
