# SPDX-License-Identifier: Apache-2.0
"""Each term of the cost by hand, and all of them: lower is nearer, rows do not mix, NaN stays where it is."""

from __future__ import annotations

import dataclasses
import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from small_model import ACTION, convex_jepa, small_jepa
from small_model import SETTINGS as SIZES
from torch import Tensor

from ami_ros.errors import ConfigError, ContractError
from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.world_model import WorldModel
from ami_ros.planning.rollout import Rollout
from ami_ros.planning.sections import TERMS as KNOWN
from ami_ros.planning.terms import caution, disagreement, effort, goal, reading, stall
from ami_ros.planning.terms.goal import step_weights

SAMPLES, HORIZON, STATE = 7, 5, 19
NOTHING = torch.zeros(0, 1, 11)  # to be kept away from
SETTINGS = {
    "goal": {"discount": 0.8, "on_the_way": 0.5},
    "reading": {"weight": 0.5, "discount": 0.8},
    "effort": {"weight": 0.5},
    "band": {"weight": 0.5, "margin": 0.1},
    "economy": {"weight": 0.0, "prices": ""},
    "disagreement": {"weight": 0.5},
    "caution": {"weight": 0.5, "radius": 2.0},
    "stall": {"weight": 0.5, "reach": 2.0},
}
# These cost nothing here: nothing is dreaded, has a band or a price, and what moves does not push.
OTHERS = ("caution", "stall", "band", "economy")
TERMS = pytest.mark.parametrize("name", [name for name in KNOWN.ours() if name not in OTHERS])


class Far:
    """A world in which everything is as far, and as uncertain, as it is told."""

    model = SimpleNamespace(readings=torch.nn.ModuleList([torch.nn.Identity()]))

    def __init__(self, distance: Tensor) -> None:
        self._distance = distance

    def goal_readings(self, now: Any, goal: Any, parts: Any) -> list[Tensor]:
        """Return one target."""
        return [torch.zeros(1)]

    def distances(self, states: Any, targets: Any, parts: Any, kind: Any) -> Tensor:
        """Return what it is told."""
        return self._distance

    def disagreement(self, now: Any, states: Any, actions: Any) -> Tensor:
        """Return what it is told."""
        return self._distance


def rollout(actions: Tensor) -> Rollout:
    states = [torch.zeros(len(actions), STATE)] * actions.shape[1]
    return Rollout(
        torch.zeros(1, STATE), states, actions, EncodedGoal([torch.zeros(11)], [0], "slow"), NOTHING, [11]
    )


def term(name: str, world: Any) -> torch.nn.Module:
    module = KNOWN.named(name)
    return module.Term(world, module.Settings(**SETTINGS[name]))


def test_step_weights_by_hand():
    torch.testing.assert_close(step_weights(3, 0.5), torch.tensor([0.25, 0.5, 1.0]) / 1.75)
    torch.testing.assert_close(step_weights(HORIZON, 1.0), torch.full((HORIZON,), 1 / HORIZON))
    weights = step_weights(HORIZON, 0.8)
    assert float(weights.sum()) == pytest.approx(1.0)
    assert (weights.diff() > 0).all()


def test_terms_by_hand():
    distance = torch.tensor([[1.0, 2.0], [3.0, 0.0]])
    actions = torch.tensor([[[1.0, 0.0, -1.0], [0.5, 0.5, 0.5]]])
    third = goal.Term(Far(distance), goal.Settings(discount=1.0 / 3.0, on_the_way=1.0))
    there = rollout(torch.zeros(2, 2, 3))
    torch.testing.assert_close(third(there), torch.tensor([3.25, 2.25]))
    torch.testing.assert_close(
        third(there._replace(goal=there.goal._replace(on_the_way=True))), torch.tensor([2.5, 4.5])
    )
    lazy = effort.Term(None, effort.Settings(weight=3.0))
    torch.testing.assert_close(lazy(rollout(actions)), torch.tensor([3.0 * (2 / 3 + 0.25)]))
    careful = disagreement.Term(Far(distance), disagreement.Settings(weight=0.5))
    torch.testing.assert_close(careful(rollout(torch.zeros(2, 2, 3))), torch.tensor([0.75, 0.75]))
    bold = disagreement.Term(None, disagreement.Settings(weight=0.0))
    assert torch.equal(bold(rollout(actions)), torch.zeros(1))  # and nobody is asked


@TERMS
def test_more_of_it_costs_more_and_it_is_repeatable(name):
    """Along a line in actions and distances every term is convex, and least at zero."""
    direction = torch.rand(1, HORIZON, ACTION, generator=torch.Generator().manual_seed(0))
    line = torch.linspace(0.0, 1.0, SAMPLES)
    it = term(name, Far(line[:, None] * direction[..., 0]))
    cost = it(rollout(line[:, None, None] * direction))
    assert cost.shape == (SAMPLES,)
    assert cost[0] == 0.0
    assert (cost.diff() > 0.0).all()
    assert (cost.diff().diff() > -1e-6).all()
    assert torch.equal(cost, it(rollout(line[:, None, None] * direction)))


@TERMS
def test_nan_stays_in_its_row(name):
    distance, actions = torch.ones(SAMPLES, HORIZON), torch.ones(SAMPLES, HORIZON, ACTION)
    distance[3, 1] = actions[3, 1] = math.nan
    cost = term(name, Far(distance))(rollout(actions))
    assert torch.isnan(cost[3])
    assert torch.isfinite(cost[[0, 1, 2, 4, 5, 6]]).all()


def test_caution_costs_more_the_nearer_the_states_come_to_what_is_dreaded():
    distance = torch.tensor([[0.0, 1.0], [3.0, 2.0], [math.nan, 0.0]])
    seen = rollout(torch.zeros(3, 2, ACTION))
    careful = caution.Term(Far(distance), caution.Settings(weight=0.5, radius=2.0))
    assert torch.equal(careful(seen), torch.zeros(3))  # nothing is dreaded
    cost = careful(seen._replace(dreaded=torch.zeros(2, 1, 11)))
    torch.testing.assert_close(cost[:2], torch.tensor([0.5 * 0.5 * (1.0 + 0.5), 0.0]))
    assert torch.isnan(cost[2])
    bold = caution.Term(None, caution.Settings(weight=0.0, radius=2.0))
    assert torch.equal(bold(seen._replace(dreaded=torch.zeros(2, 1, 11))), torch.zeros(3))


def test_actions_that_move_nothing_cost_more_the_stronger_they_are():
    world = WorldModel(convex_jepa()).eval()
    still = torch.randn(1, STATE, generator=torch.Generator().manual_seed(0))
    step = torch.zeros(1, STATE)
    step[0, 0] = 1.0
    with torch.inference_mode():
        length = float(world.distances([still + step], [still[:, :11]], [0], "slow"))
    minding = stall.Term(world, stall.Settings(weight=0.5, reach=2.0 * length))
    # Rows: pushes twice, pushes half as strongly, gets half as far as it should in the first block, rests.
    first = torch.cat([still, still, still + step, still])
    actions = torch.tensor([1.0, 0.5, 1.0, 0.0])[:, None, None].expand(4, 2, ACTION).clone()
    actions[2, 1] = 0.0
    seen = rollout(actions)._replace(now=still, states=[first, first])
    with torch.inference_mode():
        cost = minding(seen)
    torch.testing.assert_close(cost, torch.tensor([0.5, 0.25, 0.125, 0.0]), atol=1e-5, rtol=1e-4)
    actions[1, 0] = math.nan
    with torch.inference_mode():
        torn = minding(seen._replace(actions=actions))
    assert torch.isnan(torn[1]) and torch.isfinite(torn[[0, 2, 3]]).all()
    bold = stall.Term(None, stall.Settings(weight=0.0, reach=2.0))
    assert torch.equal(bold(seen), torch.zeros(4))  # and nobody is asked
    blind = seen._replace(dreaded=torch.zeros(0, 0, 11), view_sizes=[])
    assert torch.equal(minding(blind), torch.zeros(4))  # without cameras


def test_the_goal_term_measures_what_the_world_model_does():
    world = WorldModel(convex_jepa()).eval()
    states = [torch.randn(SAMPLES, STATE, generator=torch.Generator().manual_seed(i)) for i in range(HORIZON)]
    target = torch.randn(11, generator=torch.Generator().manual_seed(9))
    seen = Rollout(
        torch.zeros(1, STATE),
        states,
        torch.zeros(SAMPLES, HORIZON, ACTION),
        EncodedGoal([target], [0], "l2"),
        NOTHING,
        [11],
    )
    with torch.inference_mode():
        cost = term("goal", world)(seen)
        far = torch.stack(
            [(s[:, :11] - target).norm(dim=1) / world.model.l2_step_distance for s in states], 1
        )
    torch.testing.assert_close(cost, (far**2) @ step_weights(HORIZON, 0.8))


def test_terms_are_found_by_the_name_of_their_file():
    assert KNOWN.ours() == [
        "band",
        "caution",
        "disagreement",
        "economy",
        "effort",
        "goal",
        "reading",
        "stall",
    ]
    with pytest.raises(ConfigError, match=r"terms: got 'safety', expected some of \['band'"):
        KNOWN.named("safety")


def test_a_reading_pulls_the_vectors_to_where_the_goal_shows_them():
    jepa = small_jepa(settings=dataclasses.replace(SIZES, reading_hidden=12))
    world = WorldModel(jepa).eval()
    state = torch.randn(1, STATE, generator=torch.Generator().manual_seed(0))
    target = torch.ones(11)
    with torch.inference_mode():
        (there,) = world.goal_readings(state, [target], [0])
        change = jepa.readings[0](state, target[None])[0]
    torch.testing.assert_close(there, state[0, 11 : 11 + len(there)] + change)
    arrived, near = state.clone(), state.clone()
    arrived[0, 11 : 11 + len(there)] = there
    near[0, 11 : 11 + len(there)] = 0.5 * (there + state[0, 11 : 11 + len(there)])
    ends = torch.cat([arrived, near, state])
    seen = Rollout(
        state, [ends], torch.zeros(3, 1, ACTION), EncodedGoal([target], [0], "slow"), NOTHING, [11]
    )
    it = reading.Term(world, reading.Settings(weight=2.0, discount=0.8))
    with torch.inference_mode():
        cost = it(seen)
    assert cost[0] == pytest.approx(0.0, abs=1e-9)
    torch.testing.assert_close(cost[1], cost[2] / 4.0)
    joints = seen._replace(goal=EncodedGoal([there], [0], "vectors"))
    assert torch.equal(it(joints), torch.zeros(3))  # nothing has to be read off such a goal


def test_a_model_that_reads_no_goals_is_refused_where_readings_cost():
    world = WorldModel(small_jepa()).eval()
    with pytest.raises(
        ContractError, match="reads no goals, expected weight 0, or a model with reading_hidden"
    ):
        reading.Term(world, reading.Settings(weight=1.0, discount=0.8))
    free = reading.Term(world, reading.Settings(weight=0.0, discount=0.8))
    assert torch.equal(free(rollout(torch.zeros(3, 2, ACTION))), torch.zeros(3))
