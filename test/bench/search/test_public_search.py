# SPDX-License-Identifier: Apache-2.0
"""Other solvers on our model: they see our costs, start from our warm start, and stay within our bounds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from observed import observed
from untrained import untrained_model

from ami_ros.bench.search.lewm import Protocol, time_lewm
from ami_ros.bench.search.plan_time import Budget
from ami_ros.bench.search.public_search import Problem, PublicSearch
from ami_ros.bench.search.settings import load_bench_settings
from ami_ros.bench.search.solvers import PUBLIC, public_search
from ami_ros.body.robot_spec import load_robot
from ami_ros.model.runtime import load_model
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.search import LatentSearch
from ami_ros.planning.settings import load_planner_settings
from ami_ros.system.extras import missing_modules
from ami_ros.types import Goal

SPEC = load_robot("panda", "reach")
ACTION = SPEC.action_block * SPEC.action_size
BUDGET = Budget(samples=24, horizon=4, iterations=3)
installed = pytest.mark.skipif(bool(missing_modules("bench")), reason="needs the extra 'bench'")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load_model(untrained_model(tmp_path_factory.mktemp("model"), "reach"), SPEC)


@pytest.fixture
def settings():
    return BUDGET.of(load_planner_settings({"terms.effort.weight": 0.02, "arrival_distance": 1e-9}, "reach"))


def planner_of(model, settings, search) -> RecedingHorizonPlanner:
    planner = RecedingHorizonPlanner(model, SPEC, settings, lambda: 0, search)
    size = (SPEC.camera.height, SPEC.camera.width, 3)
    planner.set_goal(Goal(images={"camera": np.random.default_rng(5).integers(0, 256, size, dtype=np.uint8)}))
    return planner


def plans(model, settings, count: int = 3, search=None):
    planner = planner_of(model, settings, search)
    size = (SPEC.camera.height, SPEC.camera.width, 3)
    image = np.random.default_rng(4).integers(0, 256, size, dtype=np.uint8)
    stamps = [number * SPEC.step_ns * SPEC.action_block for number in range(count)]
    return [planner.plan(observed(image, SPEC.home, ns)) for ns in stamps]


class Recorder:
    """A solver that asks for far too much, and remembers what it was asked."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def solve(self, problem: Problem) -> torch.Tensor:
        self.problems.append(problem)
        return torch.linspace(-3.0, 3.0, BUDGET.horizon * ACTION).view(BUDGET.horizon, ACTION)


def test_bounds_and_warm_start_are_as_with_ours(model, settings):
    recorder = Recorder()
    planned = plans(model, settings, search=PublicSearch(model, recorder, settings))
    assert np.abs(planned[0].actions).max() == pytest.approx(SPEC.max_tip_speed)
    first, second = recorder.problems[:2]
    assert torch.equal(first.warm_start, torch.zeros(BUDGET.horizon, ACTION))
    expected = recorder.solve(second).clamp(-1.0, 1.0)
    torch.testing.assert_close(second.warm_start, torch.cat([expected[1:], expected[-1:]]))
    assert first.seed != second.seed
    again = Recorder()
    plans(model, settings, search=PublicSearch(model, again, settings))
    assert [p.seed for p in again.problems] == [p.seed for p in recorder.problems[:3]]


def test_the_cost_is_ours(model, settings):
    """A public solver gets the cost that our search gives the same actions, with every term counted."""
    stall = dataclasses.replace(settings.terms["stall"], weight=40.0, reach=100.0)
    settings = dataclasses.replace(settings, terms={**settings.terms, "stall": stall}, inverse_proposal=False)
    recorder = Recorder()
    plans(model, settings, 1, PublicSearch(model, recorder, settings))
    problem = recorder.problems[0]
    reach = torch.tensor(model.contract.reach)
    actions = reach[0] + (reach[1] - reach[0]) * torch.rand(
        BUDGET.horizon, ACTION, generator=torch.Generator().manual_seed(3)
    )
    nothing_else = torch.zeros(1, BUDGET.samples, BUDGET.horizon, ACTION)
    ours = LatentSearch(model, settings, lambda: 0)
    found = ours.search(problem.state, problem.goal, actions, actions, nothing_else)
    assert dict(zip(settings.terms, found.cost_terms, strict=True))["stall"] > 0.0
    with torch.inference_mode():
        cost = problem.cost(actions.unsqueeze(0))
    assert float(cost) == pytest.approx(sum(found.cost_terms), rel=1e-4)


@installed
@pytest.mark.parametrize("name", PUBLIC)
def test_public_solvers_lower_our_cost_the_same_way_each_time(name, model, settings, capsys):
    searched = public_search(name, model, load_bench_settings(), settings)
    one, two = (plans(model, settings, search=searched) for _ in range(2))
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first.actions, second.actions)
        assert np.abs(first.actions).max() <= SPEC.max_tip_speed * (1 + 1e-6)
    recorder = Recorder()
    plans(model, settings, 1, PublicSearch(model, recorder, settings))
    greedy = dataclasses.replace(load_bench_settings(), pytorch_mppi_lambda=0.01, swm_mppi_temperature=0.01)
    more = Budget(64, 4, 6).of(settings)
    best = plans(model, more, 1, public_search(name, model, greedy, more))[0]
    actions = torch.from_numpy(best.actions.reshape(1, BUDGET.horizon, ACTION) / SPEC.max_tip_speed).float()
    with torch.inference_mode():
        found, still = (recorder.problems[0].cost(a) for a in (actions, torch.zeros_like(actions)))
    assert float(found) < float(still)
    assert capsys.readouterr().out == ""


@installed
def test_the_yardstick_is_as_large_as_it_says():
    figures = time_lewm(Protocol(samples=2, horizon=2, iterations=1, elites=2))
    assert 11e6 < figures["parameters"] < 13e6  # 18 M less the image encoder, which planning does not pay for
    assert figures["plan_s"] > 0.0
