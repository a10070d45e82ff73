# SPDX-License-Identifier: Apache-2.0
"""The whole search: eager, scripted, and frozen, saved and loaded must be one and the same."""

from __future__ import annotations

import io
import itertools
import math
import warnings

import pytest
import torch
from small_model import ACTION, LATENT, convex_jepa, small_jepa

from ami_ros.model.export import EXPORTED
from ami_ros.planning.search import SOURCES, LatentSearch

JOINTS, HORIZON, SAMPLES, ITERATIONS = 4, 5, 48, 7
FOREVER_NS = 10**15
SOLVERS = pytest.mark.parametrize("solver", ["cem", "mppi"])
GOALS = pytest.mark.parametrize("goal_is_joints", [False, True], ids=["image goal", "joint goal"])


def scripted(search: LatentSearch) -> torch.jit.ScriptModule:
    for method in EXPORTED:
        torch.jit.export(getattr(LatentSearch, method))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(search.eval())


def reloaded(search: LatentSearch) -> torch.jit.ScriptModule:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        file = io.BytesIO()
        torch.jit.save(torch.jit.freeze(scripted(search), preserved_attrs=EXPORTED), file)
        file.seek(0)
        return torch.jit.load(file)


def search(module, solver="cem", goal_is_joints=False, **changes):
    """Search from a fixed state with everything seeded; a change replaces one argument."""
    generator = torch.Generator().manual_seed(5)
    values = {
        "latent": torch.randn(LATENT, generator=generator),
        "joints": torch.randn(2 * JOINTS, generator=generator),
        "goal": torch.randn(JOINTS if goal_is_joints else LATENT, generator=generator) * 2.0,
        "goal_is_joints": goal_is_joints,
        "warm_start": torch.rand(HORIZON, ACTION, generator=generator) - 0.5,
        "noise": torch.randn(ITERATIONS, SAMPLES, HORIZON, ACTION, generator=generator),
        "solver": solver,
        "num_elites": 6,
        "temperature": 0.2,
        "initial_std": 0.7,
        "minimum_std": 0.05,
        "discount": 0.8,
        "effort_weight": 0.01,
        "disagreement_weight": 0.02,
        "distance_kind": "slow",
        "inverse_proposal": True,
        "deadline_ns": FOREVER_NS,
    }
    values |= changes
    with torch.inference_mode():
        return module.search(*values.values())


def same(one, other) -> None:
    for left, right in zip(one, other, strict=True):
        if isinstance(left, torch.Tensor):
            assert torch.equal(left, right)
        else:
            assert left == right


@SOLVERS
@GOALS
def test_eager_scripted_and_reloaded_agree_bit_for_bit(solver, goal_is_joints):
    module = LatentSearch(small_jepa()).eval()
    eager = search(module, solver, goal_is_joints)
    assert eager[0].abs().max() > 0.1
    same(eager, search(scripted(module), solver, goal_is_joints))
    loaded = reloaded(module)
    for _ in range(3):  # the first calls are profiled and optimised
        same(eager, search(loaded, solver, goal_is_joints))


@SOLVERS
@GOALS
def test_the_same_arguments_give_the_same_plan(solver, goal_is_joints):
    module = LatentSearch(small_jepa()).eval()
    before = torch.get_rng_state()
    same(search(module, solver, goal_is_joints), search(module, solver, goal_is_joints))
    assert torch.equal(torch.get_rng_state(), before)  # no hidden source of noise


@SOLVERS
@GOALS
def test_shapes_and_what_is_returned(solver, goal_is_joints):
    module = LatentSearch(small_jepa()).eval()
    actions, terms, predicted, iterations, source, doubt = search(module, solver, goal_is_joints)
    assert actions.shape == (HORIZON, ACTION)
    assert terms.shape == (3,)
    assert predicted.shape == (HORIZON, LATENT)
    assert iterations == ITERATIONS
    assert 0 <= source < len(SOURCES)
    effort = 0.01 * (actions**2).mean(dim=1).sum()
    torch.testing.assert_close(terms[1], effort)
    assert float(doubt) > 0.0
    torch.testing.assert_close(terms[2], 0.02 * doubt)


@SOLVERS
@GOALS
@pytest.mark.parametrize("model", [small_jepa, convex_jepa])
def test_the_cost_falls_with_every_iteration(solver, goal_is_joints, model):
    module = LatentSearch(model()).eval()
    noise = torch.randn(12, SAMPLES, HORIZON, ACTION, generator=torch.Generator().manual_seed(6))
    costs = [
        float(search(module, solver, goal_is_joints, noise=noise[:count])[1].sum())
        for count in range(1, len(noise) + 1)
    ]
    assert all(later <= earlier for earlier, later in itertools.pairwise(costs))
    assert costs[-1] < costs[0]
    nothing = torch.zeros(1, SAMPLES, HORIZON, ACTION)
    still = search(module, solver, goal_is_joints, noise=nothing, warm_start=torch.zeros(HORIZON, ACTION))
    assert costs[-1] < float(still[1].sum())


@SOLVERS
def test_a_known_optimum_is_found(solver):
    """One block, a goal within reach: the best action is the difference."""
    module = LatentSearch(convex_jepa()).eval()
    latent, goal = torch.zeros(LATENT), torch.zeros(LATENT)
    goal[:ACTION] = torch.tensor([0.5, -0.3, 0.8, 0.0, -0.7, 0.2])
    noise = torch.randn(40, 256, 1, ACTION, generator=torch.Generator().manual_seed(7))
    values = {"latent": latent, "goal": goal, "noise": noise, "warm_start": torch.zeros(1, ACTION)}
    actions, *_ = search(module, solver, effort_weight=0.0, **values)
    torch.testing.assert_close(actions[0], goal[:ACTION], atol=0.1, rtol=0.0)


@SOLVERS
def test_a_known_optimum_in_joints_is_found(solver):
    """Joint goals are in radians, the model in its own units: one block turns joint i by its std times the action."""
    model = convex_jepa()
    with torch.no_grad():
        model.joint_mean.copy_(torch.linspace(-1.0, 2.0, 2 * JOINTS))
        model.joint_std.copy_(torch.linspace(0.2, 3.0, 2 * JOINTS))
    best = torch.tensor([0.5, -0.3, 0.8, 0.1])
    joints = torch.linspace(0.3, -0.6, 2 * JOINTS)
    goal = joints[:JOINTS] + best * model.joint_std[:JOINTS]
    noise = torch.randn(40, 256, 1, ACTION, generator=torch.Generator().manual_seed(7))
    values = {"joints": joints, "goal": goal, "noise": noise, "warm_start": torch.zeros(1, ACTION)}
    actions, terms, *_ = search(LatentSearch(model).eval(), solver, True, effort_weight=0.0, **values)
    torch.testing.assert_close(actions[0, :JOINTS], best, atol=0.2, rtol=0.0)
    assert float(terms[0]) < 0.02


@SOLVERS
def test_spread_and_noise_are_used_as_said(solver):
    """Without a better candidate the first iteration's winner is the mean plus std times its noise."""
    module = LatentSearch(convex_jepa()).eval()
    goal, noise = torch.zeros(LATENT), torch.zeros(1, SAMPLES, 1, ACTION)
    goal[:ACTION] = 0.3
    noise[0, 9] = 0.5
    actions, *_ = search(
        module,
        solver,
        latent=torch.zeros(LATENT),
        goal=goal,
        noise=noise,
        warm_start=torch.full((1, ACTION), -0.1),
        initial_std=0.8,
        effort_weight=0.0,
    )
    torch.testing.assert_close(actions[0], torch.full((ACTION,), -0.1 + 0.8 * 0.5))


@SOLVERS
@GOALS
def test_bounds_hold_whatever_the_noise(solver, goal_is_joints):
    module = LatentSearch(small_jepa()).eval()
    warm = torch.ones(HORIZON, ACTION)
    actions, *_ = search(module, solver, goal_is_joints, initial_std=100.0, minimum_std=50.0, warm_start=warm)
    assert actions.abs().max() > 0.9
    assert actions.abs().max() <= 1.0 + 1e-6
    far = torch.full((JOINTS if goal_is_joints else LATENT,), 1e6)
    actions, *_ = search(module, solver, goal_is_joints, goal=far)
    assert torch.isfinite(actions).all()
    assert actions.abs().max() <= 1.0 + 1e-6


@SOLVERS
def test_candidates_that_predict_nan_never_win(solver):
    module = LatentSearch(convex_jepa(nan_above=0.2)).eval()
    goal = torch.full((LATENT,), 2.0)
    goal[0] = -1.0
    start = torch.zeros(LATENT)
    actions, terms, predicted, iterations, *_ = search(module, solver, latent=start, goal=goal)
    assert iterations == ITERATIONS
    for values in (actions, terms, predicted):
        assert torch.isfinite(values).all()
    assert (actions[:, 0] <= 0.2).all()
    still = search(module, solver, latent=start, goal=goal, noise=torch.zeros(1, 8, HORIZON, ACTION))
    assert float(terms.sum()) < float(still[1].sum())


@SOLVERS
@pytest.mark.parametrize("spoiled", ["latent", "goal", "joints"])
def test_a_model_that_knows_nothing_still_gives_a_finite_plan(solver, spoiled):
    module = LatentSearch(small_jepa()).eval()
    size = 2 * JOINTS if spoiled == "joints" else LATENT
    actions, *_ = search(module, solver, **{spoiled: torch.full((size,), math.nan)})
    assert torch.isfinite(actions).all()
    assert actions.abs().max() <= 1.0


@SOLVERS
@pytest.mark.parametrize("make", [lambda m: m, scripted, reloaded], ids=["eager", "scripted", "reloaded"])
def test_a_deadline_ends_it_after_the_first_iteration(solver, make):
    module = make(LatentSearch(small_jepa()).eval())
    late = search(module, solver, deadline_ns=0)
    assert late[3] == 1
    assert torch.isfinite(late[0]).all()
    noise = torch.randn(ITERATIONS, SAMPLES, HORIZON, ACTION, generator=torch.Generator().manual_seed(8))
    same(search(module, solver, deadline_ns=0, noise=noise), search(module, solver, noise=noise[:1]))


def test_sources_are_told_apart():
    module = LatentSearch(convex_jepa(inverse_speed=1.0)).eval()
    here, none = torch.zeros(LATENT), torch.zeros(HORIZON, ACTION)
    goal = torch.zeros(LATENT)
    goal[:ACTION] = torch.linspace(-0.9, 0.9, ACTION)
    best = none.clone()
    best[0] = goal[:ACTION]
    bad = -torch.ones(HORIZON, ACTION)
    tiny = {"initial_std": 1e-4, "minimum_std": 1e-4, "effort_weight": 0.1, "latent": here}

    def source(**values) -> str:
        return SOURCES[search(module, **{**tiny, **values})[4]]

    assert source(goal=goal, warm_start=bad) == "inverse_model"
    assert source(goal=here, warm_start=bad) == "zero"
    calm = torch.zeros(1, SAMPLES, HORIZON, ACTION)
    assert source(goal=goal, warm_start=best, noise=calm) == "warm_start"
    assert source(goal=goal, warm_start=bad, initial_std=1.0) == "inverse_model"
    assert source(goal=goal, warm_start=bad, noise=calm, inverse_proposal=False) == "zero"
    module.model.inverse_model.speed = -1.0
    assert source(goal=goal, warm_start=bad, initial_std=1.0) == "random"


def test_more_effort_weight_moves_less():
    module = LatentSearch(small_jepa()).eval()
    lazy, eager = (search(module, effort_weight=weight)[0] for weight in (100.0, 0.0))
    assert lazy.abs().mean() < 0.2 * eager.abs().mean()


def test_distances_by_hand():
    model = small_jepa()
    module = LatentSearch(model).eval()
    generator = torch.Generator().manual_seed(9)
    latent, goal = torch.randn(LATENT, generator=generator), torch.randn(LATENT, generator=generator)
    joints, wanted = torch.randn(2 * JOINTS, generator=generator), torch.randn(JOINTS, generator=generator)
    with torch.inference_mode():
        by_image = module.goal_distance(latent, joints, goal, False, "slow")
        by_joints = module.goal_distance(latent, joints, wanted, True, "slow")
    torch.testing.assert_close(by_image, ((latent - goal) @ model.metric).norm() / 0.4)
    torch.testing.assert_close(by_joints, (joints[:JOINTS] - wanted).norm() / 0.3)


def test_predict_speaks_radians():
    model = small_jepa()
    generator = torch.Generator().manual_seed(10)
    latent, joints = (
        torch.randn(3, LATENT, generator=generator),
        torch.randn(3, 2 * JOINTS, generator=generator),
    )
    action = torch.rand(3, ACTION, generator=generator)
    with torch.inference_mode():
        z, q = LatentSearch(model).eval().predict(latent, joints, action)
        normalised = (joints - model.joint_mean) / model.joint_std
        expected, turned = model.predict(latent, normalised, action)
    torch.testing.assert_close(z, expected)
    torch.testing.assert_close(q, turned * model.joint_std + model.joint_mean)


@pytest.mark.parametrize("kind", ["l2", "slow", "temporal"])
def test_every_distance_is_searched_as_it_is_measured(kind):
    """One block: the goal term is the squared distance of the predicted latent."""
    module = LatentSearch(small_jepa()).eval()
    goal = torch.randn(LATENT, generator=torch.Generator().manual_seed(12))
    none, calm = torch.zeros(1, ACTION), torch.zeros(1, SAMPLES, 1, ACTION)
    _, terms, predicted, *_ = search(module, distance_kind=kind, goal=goal, noise=calm, warm_start=none)
    with torch.inference_mode():
        distance = module.model.distance(predicted, goal, kind)
    torch.testing.assert_close(terms[0], distance[0] ** 2)


def test_a_steered_candidate_follows_the_inverse_model_and_disturbs_no_other():
    model = small_jepa()
    generator = torch.Generator().manual_seed(11)
    latent, joints = (
        torch.randn(1, LATENT, generator=generator),
        torch.randn(1, 2 * JOINTS, generator=generator),
    )
    goal = torch.randn(LATENT, generator=generator)
    actions = torch.rand(7, HORIZON, ACTION, generator=generator) * 2 - 1
    steered = actions.clone()
    with torch.inference_mode():
        plain = torch.stack(model.states(latent, joints, actions), 1)
        states = torch.stack(model.states(latent, joints, steered, goal, 3), 1)
        z, q = latent, joints
        for step in range(HORIZON):
            action = model.inverse(z, goal.unsqueeze(0), q)
            torch.testing.assert_close(steered[3, step], action[0])
            z, q = model.predict(z, q, action)
            torch.testing.assert_close(states[3, step], torch.cat([z[0], q[0]]))
    others = [0, 1, 2, 4, 5, 6]
    assert torch.equal(steered[others], actions[others])
    torch.testing.assert_close(states[others], plain[others])


@GOALS
def test_other_solvers_see_the_costs_that_ours_sees(goal_is_joints):
    module = reloaded(LatentSearch(small_jepa()).eval())
    generator = torch.Generator().manual_seed(13)
    latent, joints = torch.randn(LATENT, generator=generator), torch.randn(2 * JOINTS, generator=generator)
    goal = torch.randn(JOINTS if goal_is_joints else LATENT, generator=generator)
    warm, calm = torch.zeros(HORIZON, ACTION), torch.zeros(1, SAMPLES, HORIZON, ACTION)
    state = {"latent": latent, "joints": joints, "goal": goal}
    actions, terms, predicted, *_ = search(
        module, "mppi", goal_is_joints, warm_start=warm, noise=calm, discount=1.0, **state
    )
    with torch.inference_mode():
        latents, turned = module.rollout(latent, joints, actions.expand(3, -1, -1))
        distances = module.step_distances(latents, turned, goal, goal_is_joints, "slow")
    torch.testing.assert_close(latents[2], predicted)
    assert distances.shape == (3, HORIZON)
    torch.testing.assert_close((distances[1] ** 2).mean(), terms[0])
