# SPDX-License-Identifier: Apache-2.0
"""The shipped models of a hand: from one picture of the end they pick a block up, or put it into the tray."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)

from ami_ros.body.robot_spec import load_robot
from ami_ros.model.files import read_verified
from ami_ros.model.runtime import load_model
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.settings import load_planner_settings
from ami_ros.safety.settings import load_safety_settings
from ami_ros.settings.share import shipped_model
from ami_ros.sim.loop.closed_loop import ClosedLoop
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.world.open_world import open_world

ROBOT = "panda_hand"
TASKS = ("pick", "place")
# One of them succeeds: of 200 blocks most do (docs/benchmarks/success). The test ends with the first.
SEEDS = (7001, 7002, 7003, 7004, 7005)
SHARE = 0.5  # of the error of copying, and of shuffled actions, that is allowed


@pytest.mark.parametrize("task", TASKS)
def test_its_hash_is_right_and_it_predicts_better_than_copying(task):
    contract = read_verified(shipped_model(ROBOT, task)).contract()
    contract.check(load_robot(ROBOT, task), task)
    quality = contract.quality
    for name in ("copy_last_error", "shuffled_action_error"):
        for error, other in zip(quality["open_loop_error"], quality[name], strict=True):
            assert error < SHARE * other
    assert quality["probes"]["object_position"] > 0.9


@pytest.mark.parametrize("name", TASKS)
def test_it_does_what_the_picture_shows(name):
    spec = load_robot(ROBOT, name)
    task, world = load_task(name, spec), open_world(spec, 200.0)
    task.furnish(world)
    settings = load_planner_settings({"deadline_s": 60.0}, name)
    model, loop = (
        load_model(shipped_model(ROBOT, name), spec),
        ClosedLoop(world, spec, load_safety_settings()),
    )
    enough = task.yardstick.loosest.error
    errors = []
    for seed in SEEDS:
        planner = RecedingHorizonPlanner(model, spec, settings, time.monotonic_ns)
        result = loop.run(planner, seed, task)
        assert result.levels["STOP"] == 0 and result.error[0] > 0.05
        errors.append(float(result.error[-1]))
        if errors[-1] < enough:
            break
    assert errors[-1] < enough, errors
    world.close()
