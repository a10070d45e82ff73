# SPDX-License-Identifier: Apache-2.0
"""The whole search: eager, scripted, and saved and loaded must be one and the same."""

from __future__ import annotations

import dataclasses
import io
import itertools
import math
import warnings

import pytest
import torch
from small_model import ACTION, LATENT, convex_jepa, in_memory, made_up_robot, small_contract, small_jepa
from solving import problem, searched

from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.runtime import ModelRuntime
from ami_ros.model.world_model import BY_VECTORS, WorldModel
from ami_ros.planning.gaussian import SOURCES
from ami_ros.planning.problem import Solution
from ami_ros.planning.settings import load_planner_settings

JOINTS, HORIZON, SAMPLES, ITERATIONS = 4, 5, 48, 7
STATE = LATENT + 2 * JOINTS
SOLVERS = pytest.mark.parametrize("solver", ["cem", "mppi"])
GOALS = pytest.mark.parametrize("by_vectors", [False, True], ids=["image goal", "joint goal"])
SETTINGS = load_planner_settings(
    {
        "solvers.cem.num_elites": 6,
        "solvers.mppi.temperature": 0.2,
        "terms.goal.discount": 0.8,
        "terms.goal.on_the_way": 0.8,
        "terms.effort.weight": 0.01,
        "terms.disagreement.weight": 0.02,
        "initial_std": 0.7,
        "minimum_std": 0.05,
        "distance": "slow",
        "inverse_proposal": True,
        "precedents": 0,
        "deadline_s": 60.0,
    }
)

NAMES = list(SETTINGS.terms)


def eager(model: Jepa) -> ModelRuntime:
    return in_memory(model, small_contract(small_jepa()))


def scripted(model: Jepa) -> ModelRuntime:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        module = torch.jit.script(WorldModel(model).eval())
    return ModelRuntime(module, small_contract(small_jepa()), "", torch.device("cpu"))


def reloaded(model: Jepa) -> ModelRuntime:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        file = io.BytesIO()
        torch.jit.save(scripted(model)._module, file)
        file.seek(0)
        return ModelRuntime(torch.jit.load(file), small_contract(small_jepa()), "", torch.device("cpu"))


def search(
    model: ModelRuntime, solver="cem", by_vectors=False, clock_ns=lambda: 0, distance="slow", **changes
) -> Solution:
    """Search from a fixed state with everything seeded; a change replaces an argument or a setting."""
    generator = torch.Generator().manual_seed(5)
    values = {
        "state": torch.randn(STATE, generator=generator),
        "goal": torch.randn(JOINTS if by_vectors else LATENT, generator=generator) * 2.0,
        "warm_start": torch.rand(HORIZON, ACTION, generator=generator) - 0.5,
        "noise": torch.randn(ITERATIONS, SAMPLES, HORIZON, ACTION, generator=generator),
    }
    values |= {name: changes.pop(name) for name in list(changes) if name in values}
    settings = dataclasses.replace(SETTINGS, solver=solver)
    terms = {name: changes.pop(name) for name in list(changes) if name in settings.terms}
    sections = {n: dataclasses.replace(settings.terms[n], **change) for n, change in terms.items()}
    settings = dataclasses.replace(settings, terms={**settings.terms, **sections})
    hold = changes.pop("hold", torch.zeros_like(values["warm_start"]))
    settings = dataclasses.replace(settings, **changes)
    goal = EncodedGoal([values["goal"]], [0], BY_VECTORS if by_vectors else distance)
    given = problem(model, settings, values["state"], goal, values["warm_start"], hold, clock_ns)
    return searched(given, values["noise"])


def same(one: Solution, other: Solution) -> None:
    for left, right in zip(vars(one).values(), vars(other).values(), strict=True):
        if isinstance(left, torch.Tensor):
            assert torch.equal(left, right)
        elif callable(left):
            assert torch.equal(left(3), right(3))
        else:
            assert left == right


@pytest.mark.quick("joint goal-cem")
@SOLVERS
@GOALS
def test_eager_scripted_and_reloaded_agree_bit_for_bit(solver, by_vectors):
    found = search(eager(small_jepa()), solver, by_vectors)
    assert found.actions.abs().max() > 0.1
    same(found, search(scripted(small_jepa()), solver, by_vectors))
    loaded = reloaded(small_jepa())
    for _ in range(3):  # the first calls are profiled and optimised
        same(found, search(loaded, solver, by_vectors))


@SOLVERS
@GOALS
def test_the_same_arguments_give_the_same_plan(solver, by_vectors):
    model = eager(small_jepa())
    before = torch.get_rng_state()
    same(search(model, solver, by_vectors), search(model, solver, by_vectors))
    assert torch.equal(torch.get_rng_state(), before)  # no hidden source of noise


@SOLVERS
@GOALS
def test_shapes_and_what_is_returned(solver, by_vectors):
    found = search(eager(small_jepa()), solver, by_vectors)
    assert found.actions.shape == (HORIZON, ACTION)
    assert len(found.cost_terms) == len(NAMES)
    assert found.predicted.shape == (HORIZON, STATE)
    assert found.iterations == ITERATIONS
    assert found.source in SOURCES
    effort = 0.01 * (found.actions**2).mean(dim=1).sum()
    assert found.cost_terms[NAMES.index("effort")] == pytest.approx(float(effort))
    assert found.disagreement > 0.0
    assert found.cost_terms[NAMES.index("disagreement")] == pytest.approx(0.02 * found.disagreement)


@SOLVERS
@GOALS
@pytest.mark.parametrize("make", [small_jepa, convex_jepa])
def test_the_cost_falls_with_every_iteration(solver, by_vectors, make):
    model = eager(make())
    noise = torch.randn(12, SAMPLES, HORIZON, ACTION, generator=torch.Generator().manual_seed(6))
    costs = [
        sum(search(model, solver, by_vectors, noise=noise[:count]).cost_terms)
        for count in range(1, len(noise) + 1)
    ]
    assert all(later <= earlier for earlier, later in itertools.pairwise(costs))
    assert costs[-1] < costs[0]
    nothing = torch.zeros(1, SAMPLES, HORIZON, ACTION)
    still = search(model, solver, by_vectors, noise=nothing, warm_start=torch.zeros(HORIZON, ACTION))
    assert costs[-1] < sum(still.cost_terms)


@SOLVERS
def test_a_known_optimum_is_found(solver):
    """One block, a goal within reach: the best action is the difference."""
    goal = torch.zeros(LATENT)
    goal[:ACTION] = torch.tensor([0.5, -0.3, 0.8, 0.0, -0.7, 0.2])
    noise = torch.randn(40, 256, 1, ACTION, generator=torch.Generator().manual_seed(7))
    values = {"state": torch.zeros(STATE), "goal": goal, "noise": noise, "warm_start": torch.zeros(1, ACTION)}
    found = search(eager(convex_jepa()), solver, effort={"weight": 0.0}, **values)
    torch.testing.assert_close(found.actions[0], goal[:ACTION], atol=0.1, rtol=0.0)


@SOLVERS
def test_a_known_optimum_in_joints_is_found(solver):
    """Joint goals are in radians, the model in its own units: one block turns joint i by its std times the action."""
    model = convex_jepa()
    with torch.no_grad():
        model.vector_mean.copy_(torch.linspace(-1.0, 2.0, 2 * JOINTS))
        model.vector_std.copy_(torch.linspace(0.2, 3.0, 2 * JOINTS))
    best = torch.tensor([0.5, -0.3, 0.8, 0.1])
    joints = torch.linspace(0.3, -0.6, 2 * JOINTS)
    runtime = eager(model)
    goal = runtime.world.normalised(0, joints[:JOINTS] + best * model.vector_std[:JOINTS])
    noise = torch.randn(40, 256, 1, ACTION, generator=torch.Generator().manual_seed(7))
    state = torch.cat([torch.zeros(LATENT), model.normalise(joints)])
    values = {"state": state, "goal": goal, "noise": noise, "warm_start": torch.zeros(1, ACTION)}
    found = search(runtime, solver, True, effort={"weight": 0.0}, **values)
    torch.testing.assert_close(found.actions[0, :JOINTS], best, atol=0.2, rtol=0.0)
    assert found.cost_terms[0] < 0.02


@SOLVERS
def test_spread_and_noise_are_used_as_said(solver):
    """Without a better candidate the first iteration's winner is the mean plus std times its noise."""
    goal, noise = torch.zeros(LATENT), torch.zeros(1, SAMPLES, 1, ACTION)
    goal[:ACTION] = 0.3
    noise[0, 9] = 0.5
    found = search(
        eager(convex_jepa()),
        solver,
        state=torch.zeros(STATE),
        goal=goal,
        noise=noise,
        warm_start=torch.full((1, ACTION), -0.1),
        initial_std=0.8,
        effort={"weight": 0.0},
    )
    torch.testing.assert_close(found.actions[0], torch.full((ACTION,), -0.1 + 0.8 * 0.5))


@SOLVERS
@GOALS
def test_bounds_hold_whatever_the_noise(solver, by_vectors):
    model, warm = eager(small_jepa()), torch.ones(HORIZON, ACTION)
    wide = search(model, solver, by_vectors, initial_std=100.0, minimum_std=50.0, warm_start=warm)
    assert 0.9 < wide.actions.abs().max() <= 1.0 + 1e-6
    far = torch.full((JOINTS if by_vectors else LATENT,), 1e6)
    actions = search(model, solver, by_vectors, goal=far).actions
    assert torch.isfinite(actions).all()
    assert actions.abs().max() <= 1.0 + 1e-6


def test_what_the_data_never_did_is_not_planned():
    spec, model = made_up_robot(), convex_jepa()
    ranges = [(c.low, c.high) for c in spec.actions.channels]
    narrow = [[0.3 * low for low, _ in ranges], [high for _, high in ranges]]
    found = search(
        in_memory(model, small_contract(model, action_range=narrow)),
        goal=torch.full((LATENT,), -50.0),
        warm_start=torch.zeros(HORIZON, ACTION),
        inverse_proposal=False,
    )
    assert found.actions.min() == pytest.approx(-0.3, abs=1e-5)
    free = search(eager(model), goal=torch.full((LATENT,), -50.0), inverse_proposal=False)
    assert free.actions.min() < -0.9


@SOLVERS
def test_candidates_that_predict_nan_never_win(solver):
    model = eager(convex_jepa(nan_above=0.2))
    goal, start = torch.full((LATENT,), 2.0), torch.zeros(STATE)
    goal[0] = -1.0
    found = search(model, solver, state=start, goal=goal)
    assert found.iterations == ITERATIONS
    for values in (found.actions, torch.tensor(found.cost_terms), found.predicted):
        assert torch.isfinite(values).all()
    assert (found.actions[:, 0] <= 0.2).all()
    still = search(model, solver, state=start, goal=goal, noise=torch.zeros(1, 8, HORIZON, ACTION))
    assert sum(found.cost_terms) < sum(still.cost_terms)


@SOLVERS
@pytest.mark.parametrize("spoiled", ["latent", "goal", "joints"])
def test_a_model_that_knows_nothing_still_gives_a_finite_plan(solver, spoiled):
    state, goal = torch.zeros(STATE), torch.zeros(LATENT)
    part = {"latent": state[:LATENT], "joints": state[LATENT:], "goal": goal}[spoiled]
    part.fill_(math.nan)
    actions = search(eager(small_jepa()), solver, state=state, goal=goal).actions
    assert torch.isfinite(actions).all()
    assert actions.abs().max() <= 1.0


@pytest.mark.quick("eager-*", "scripted-cem", "reloaded-mppi")
@SOLVERS
@pytest.mark.parametrize("make", [eager, scripted, reloaded], ids=["eager", "scripted", "reloaded"])
def test_a_deadline_ends_it_after_the_first_iteration(solver, make):
    model, clock_ns = make(small_jepa()), itertools.count(0, 1000).__next__
    late = search(model, solver, clock_ns=clock_ns, deadline_s=0.9e-6)
    assert late.iterations == 1 and not late.complete
    assert torch.isfinite(late.actions).all()
    noise = torch.randn(ITERATIONS, SAMPLES, HORIZON, ACTION, generator=torch.Generator().manual_seed(8))
    late = search(model, solver, clock_ns=clock_ns, deadline_s=0.9e-6, noise=noise)
    same(dataclasses.replace(late, complete=True), search(model, solver, noise=noise[:1]))


@pytest.mark.parametrize(("deadline_s", "done"), [(1e-6, 2), (2.5e-6, 3), (1.0, ITERATIONS)])
def test_it_goes_on_while_there_is_time(deadline_s, done):
    clock_ns = itertools.count(0, 1000).__next__
    assert search(eager(small_jepa()), clock_ns=clock_ns, deadline_s=deadline_s).iterations == done


def test_sources_are_told_apart():
    jepa = convex_jepa(inverse_speed=1.0)
    model = eager(jepa)
    here, none = torch.zeros(LATENT), torch.zeros(HORIZON, ACTION)
    goal = torch.zeros(LATENT)
    goal[:ACTION] = torch.linspace(-0.9, 0.9, ACTION)
    best = none.clone()
    best[0] = goal[:ACTION]
    bad = -torch.ones(HORIZON, ACTION)
    tiny = {
        "initial_std": 1e-4,
        "minimum_std": 1e-4,
        "effort": {"weight": 0.1},
        "state": torch.zeros(STATE),
    }

    def source(**values) -> str:
        return search(model, **{**tiny, **values}).source

    assert source(goal=goal, warm_start=bad) == "inverse_model"
    assert source(goal=here, warm_start=bad) == "hold"
    calm = torch.zeros(1, SAMPLES, HORIZON, ACTION)
    assert source(goal=goal, warm_start=best, noise=calm) == "warm_start"
    assert source(goal=goal, warm_start=bad, initial_std=1.0) == "inverse_model"
    assert source(goal=goal, warm_start=bad, noise=calm, inverse_proposal=False) == "hold"
    jepa.inverse_model.speed = -1.0
    assert source(goal=goal, warm_start=bad, initial_std=1.0) == "random"


def test_what_stands_still_is_what_it_is_told():
    """Of a body whose zero moves, holding is another action."""
    goal, hold = torch.zeros(LATENT), torch.zeros(1, ACTION)
    goal[:ACTION] = hold[0] = torch.tensor([0.25, 0.5, -0.5, 0.75, 0.0, -0.25])
    calm, far = torch.zeros(1, SAMPLES, 1, ACTION), -torch.ones(1, ACTION)
    values = {"state": torch.zeros(STATE), "goal": goal, "noise": calm, "warm_start": far}
    found = search(eager(convex_jepa()), hold=hold, inverse_proposal=False, **values)
    assert found.source == "hold"
    assert torch.equal(found.actions, hold)


def test_a_place_on_the_way_is_weighted_as_such():
    """Two blocks of one candidate, and what each of them counts."""
    model, still = eager(small_jepa()), torch.zeros(2, ACTION)
    of_goal = dataclasses.replace(SETTINGS.terms["goal"], discount=0.25, on_the_way=1.0)
    settings = dataclasses.replace(SETTINGS, terms={"goal": of_goal}, inverse_proposal=False)
    noise = torch.zeros(1, SAMPLES, 2, ACTION)
    goal = EncodedGoal([torch.randn(LATENT, generator=torch.Generator().manual_seed(12))], [0], "slow")
    for at, weights in ((goal, (0.2, 0.8)), (goal._replace(on_the_way=True), (0.5, 0.5))):
        found = searched(problem(model, settings, torch.zeros(STATE), at, still, still), noise)
        far = model.distances(found.predicted, goal)
        expected = sum(weight * distance**2 for weight, distance in zip(weights, far, strict=True))
        assert far[0] != pytest.approx(far[1], rel=1e-3)
        assert found.cost_terms == (pytest.approx(expected, rel=1e-5),)


def test_more_effort_weight_moves_less():
    model = eager(small_jepa())
    lazy, lively = (search(model, effort={"weight": weight}).actions for weight in (100.0, 0.0))
    assert lazy.abs().mean() < 0.2 * lively.abs().mean()


@pytest.mark.parametrize("kind", ["l2", "slow", "temporal"])
def test_every_distance_is_searched_as_it_is_measured(kind):
    """One block: the goal term is the squared distance of the predicted state."""
    model = eager(small_jepa())
    goal = torch.randn(LATENT, generator=torch.Generator().manual_seed(12))
    none, calm = torch.zeros(1, ACTION), torch.zeros(1, SAMPLES, 1, ACTION)
    found = search(model, distance=kind, goal=goal, noise=calm, warm_start=none)
    distance = model.distance(found.predicted[0], EncodedGoal([goal], [0], kind))
    assert found.cost_terms[0] == pytest.approx(distance**2, rel=1e-5)
