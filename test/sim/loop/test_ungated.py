# SPDX-License-Identifier: Apache-2.0
"""Without a gate every proposal is followed to the letter: what it is compared with, and never shipped."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)

from straight_line import StraightLine

from ami_ros.body.robot_spec import load_robot
from ami_ros.safety.settings import load_safety_settings
from ami_ros.sim.loop.closed_loop import ClosedLoop
from ami_ros.sim.loop.ungated import Ungated
from ami_ros.sim.pybullet.scene import Scene
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.types import Trajectory

SPEC = load_robot("panda", "reach")
JOINTS, SEED = 7, 3


def test_it_goes_where_the_proposal_says_however_far():
    gate = Ungated()
    assert gate.tick(0)[0] is None
    wild = np.stack([np.zeros(JOINTS), np.full(JOINTS, 50.0)])
    gate.submit(Trajectory(SPEC.joint_names, wild, np.array([0, 100_000_000]), 1_000), 1_000)
    command, _ = gate.tick(50_001_000)
    np.testing.assert_allclose(command.position, 25.0)
    np.testing.assert_allclose(command.velocity, 500.0)


def test_an_episode_without_a_gate_ends_much_as_one_with():
    task, errors = load_task("reach", SPEC), []
    for gated in (True, False):
        scene = Scene(SPEC, 200.0)
        loop = ClosedLoop(scene, SPEC, load_safety_settings(), gated)
        result = loop.run(StraightLine(SPEC, task.episode(SEED).goal_position), SEED, task)
        errors.append(result.error[-1])
        assert bool(result.levels["HOLD"] or result.levels["LIMITED"]) == gated
        scene.close()
    assert errors[0] != errors[1]
    assert abs(errors[0] - errors[1]) < 0.02
