# SPDX-License-Identifier: Apache-2.0
"""Points are as far apart as the planner says that states are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from bodies import process_body
from small_model import in_memory, small_contract, small_jepa

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import GoalError
from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.known import inputs_of
from ami_ros.model.points import points_of, targets_of
from ami_ros.model.world_model import BY_VECTORS
from ami_ros.planning.routes.guides import as_goal


def model_of(spec):
    model = small_jepa(inputs=inputs_of(spec), action=spec.action_block * spec.action_size)
    generator = torch.Generator().manual_seed(3)
    for name in ("metric", "step_distance", "vector_std", "vector_step_distance"):
        buffer = getattr(model, name)
        buffer.copy_(torch.rand(buffer.shape, generator=generator) + 0.5)
    return in_memory(model.eval(), small_contract(model, spec)), model


@pytest.mark.parametrize("robot", ["panda", "panda_wrist", "plant"])
def test_their_distance_is_the_slow_one(robot, tmp_path):
    spec = load_robot(process_body(tmp_path) if robot == "plant" else robot)
    runtime, model = model_of(spec)
    states = torch.randn(
        5, model.core_size + len(model.vector_mean), generator=torch.Generator().manual_seed(0)
    )
    points = points_of(runtime, states).numpy()
    cameras = len(spec.images_for("model"))
    if cameras:
        views = [model.view(states[:1], part)[0] for part in range(cameras)]
        goal = EncodedGoal(views, list(range(cameras)), "slow")
    else:
        vectors, parts = states[0, model.vectors_at :], range(len(runtime.contract.vectors))
        targets = [vectors[slice(*model.goals[part])] for part in parts]
        goal = EncodedGoal(targets, list(parts), BY_VECTORS)
    for state, point in zip(states, points, strict=True):
        wanted = runtime.distance(state, goal)
        assert np.linalg.norm(point - points[0]) == pytest.approx(wanted, rel=1e-4, abs=1e-5)
    np.testing.assert_allclose(targets_of(runtime, goal).numpy(), points[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("robot", ["panda", "panda_wrist", "plant"])
def test_a_state_on_the_way_is_a_goal_as_far_away_as_its_point(robot, tmp_path):
    spec = load_robot(process_body(tmp_path) if robot == "plant" else robot)
    runtime, model = model_of(spec)
    size = model.core_size + len(model.vector_mean)
    states = torch.randn(5, size, generator=torch.Generator().manual_seed(0))
    subgoal = as_goal(runtime, states[0], "slow")
    assert subgoal.on_the_way
    points = points_of(runtime, states)
    away = torch.linalg.vector_norm(points - points[0], dim=1)
    np.testing.assert_allclose(runtime.distances(states, subgoal), away.numpy(), rtol=1e-4, atol=1e-5)


def test_a_route_needs_a_goal_of_every_sensor(tmp_path):
    plant, _ = model_of(load_robot(process_body(tmp_path)))
    names = [vector.name for vector in plant.contract.vectors]
    with pytest.raises(GoalError, match=f"a goal of 0 vectors, expected values of each of .*{names[0]}"):
        targets_of(plant, EncodedGoal([], [], BY_VECTORS))
    arm, _ = model_of(load_robot("panda"))
    with pytest.raises(GoalError, match="a goal of 1 vectors, expected a picture from each of"):
        targets_of(arm, EncodedGoal([torch.zeros(7)], [0], BY_VECTORS))
