# SPDX-License-Identifier: Apache-2.0
"""The loop in one process for bodies other than an arm with one camera."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)
from bodies import mobile_base, process_body, setpoint_task, two_cameras_and_force

from ami_ros.body.robot_spec import load_robot
from ami_ros.safety.settings import load_safety_settings
from ami_ros.sim.loop.closed_loop import ClosedLoop
from ami_ros.sim.loop.oracle import Oracle
from ami_ros.sim.loop.step_loop import StepLoop
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.world.open_world import open_world
from ami_ros.types import Goal

SEEDS, SAFETY = range(4), load_safety_settings()


class Told(Oracle):
    """Remembers what it was told to reach."""

    goal: Goal | None = None

    def set_goal(self, goal: Goal | None) -> None:
        self.goal = goal


@pytest.mark.parametrize("gated", [True, False])
def test_set_points_bring_a_plant_to_its_goal_through_the_gate(tmp_path, gated):
    task_file = str(setpoint_task(tmp_path))
    spec = load_robot(process_body(tmp_path), task_file)
    task = load_task(task_file, spec)
    for seed in SEEDS:
        world = open_world(spec, 200.0)
        planner = Told(world, spec, task.oracle(task.episode(seed)))
        result = ClosedLoop(world, spec, SAFETY, gated).run(planner, seed, task)
        assert result.error[0] >= 3.0 and result.error[-1] < 1.0
        np.testing.assert_array_equal(planner.goal.vectors["temperatures"], task.episode(seed).goal_position)
        held = result.levels["HOLD"] + result.levels["STOP"]
        assert held < 0.02 * sum(result.levels.values()), result.levels
        assert result.moments["temperatures"].shape == (task.episode_steps + 1, 2)
        assert result.goal_image is None and result.final_image is None


def test_a_base_is_brought_to_its_twist_through_the_gate(tmp_path):
    def twist(values) -> None:
        values.update(goal_sensor="odometry", tolerance=[0.05] * 6, minimum_travel=1.0)

    task_file = str(setpoint_task(tmp_path, twist))
    spec = load_robot(mobile_base(tmp_path), task_file)
    task, world = load_task(task_file, spec), open_world(spec, 200.0)
    result = ClosedLoop(world, spec, SAFETY).run(Told(world, spec, task.oracle(task.episode(0))), 0, task)
    assert result.error[-1] < 1.0 < result.error[0]


def test_what_the_gate_is_not_given_it_does_not_see(tmp_path):
    """A sensor for the model alone is no reason to hold, and none to refuse."""

    def for_the_model(values) -> None:
        for name in ("pressure", "flow"):
            values["sensors"][name]["used_by"] = ["model"]

    spec = load_robot(process_body(tmp_path, for_the_model))
    world = open_world(spec, 200.0)
    loop = StepLoop(world, spec, SAFETY)
    for _ in range(3):
        loop.act(spec.home[None, None], world.observe())
    assert loop.levels["PASS"] > 0 and loop.levels["STOP"] == 0


def test_a_goal_is_shown_to_every_camera(tmp_path):
    spec = load_robot(two_cameras_and_force(tmp_path), "reach")
    task, world = load_task("reach", spec), open_world(spec, 200.0)
    task.episode_steps = 2

    class Still:
        def next(self, scene) -> np.ndarray:
            return np.zeros(3)

    planner = Told(world, spec, Still())
    result = ClosedLoop(world, spec, SAFETY).run(planner, 1, task)
    assert {name: image.shape for name, image in planner.goal.images.items()} == {
        "camera": (128, 128, 3),
        "side": (64, 96, 3),
    }
    np.testing.assert_array_equal(result.goal_image, planner.goal.images["camera"])
    world.close()
