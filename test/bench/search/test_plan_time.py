# SPDX-License-Identifier: Apache-2.0
"""Plans of any body are timed: with cameras or without, with joints or without."""

from __future__ import annotations

import pytest
from bodies import process_body, setpoint_task, two_cameras_and_force
from untrained import untrained_model

from ami_ros.bench.search.plan_time import Budget, time_plans
from ami_ros.body.robot_spec import load_robot
from ami_ros.model.runtime import load_model
from ami_ros.planning.settings import load_planner_settings

PLANS, BUDGET = 2, Budget(8, 2, 1)
BODIES = {
    "plant": lambda folder: (process_body(folder), setpoint_task(folder)),
    "base": lambda folder: ("husky", "drive"),
    "arm with two cameras": lambda folder: (two_cameras_and_force(folder), "reach"),
}


@pytest.mark.slow
@pytest.mark.parametrize("body", BODIES)
def test_a_plan_of_any_body_is_timed(body, tmp_path):
    robot, task = BODIES[body](tmp_path)
    spec = load_robot(robot, str(task))
    model = load_model(untrained_model(tmp_path, task, robot), spec)
    figures = time_plans(model, spec, BUDGET.of(load_planner_settings(task=str(task))), PLANS)
    assert figures["samples"] == 8 and figures["flops"] > 0
    assert 0.0 < figures["plan_ms_p50"] <= figures["plan_ms_p99"]
