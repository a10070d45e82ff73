# SPDX-License-Identifier: Apache-2.0
"""The SO-101 with its jaw, whose URDF comes with the extra `robots`: what it is, and that it grasps."""

from __future__ import annotations

import numpy as np
import pytest
from robots import skip_without_robots_of_others

from ami_ros.body.groups import GripperGroup
from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import load_robot
from ami_ros.sim.world.open_world import open_world
from ami_ros.types import Command

PHYSICS_HZ, TICK_NS = 200.0, 10_000_000
DOWN = np.array(
    [0.0, 0.222, 0.155, 1.226, 1.57]
)  # rad: looks straight down, its tip 1.6 cm above the base plane
UP = DOWN + [0.0, -0.3, 0.0, 0.0, 0.0]
HALF, OPEN, SHUT = 0.012, 1.0, -0.17  # m of the block; rad
BESIDE = -0.02  # m along the tip's x axis: between the fixed jaw, at the tip, and the open one


@pytest.fixture
def spec():
    skip_without_robots_of_others()
    return load_robot("so101_hand")


def test_its_jaw_is_one_channel_of_a_gripper(spec):
    _, gripper = spec.groups
    assert isinstance(gripper, GripperGroup) and gripper.names == ("jaw",)
    tip, turn = Kinematics(spec).forward(spec.arm.home)
    assert turn[2, 2] < -0.99, "at home it looks down"
    assert (tip > spec.workspace[0]).all() and (tip < spec.workspace[1]).all()


def test_it_lifts_a_block_and_lets_it_fall(spec):
    world = open_world(spec, PHYSICS_HZ)
    world.add_block("block", [HALF] * 3, 0.03, 0.8, [0.9, 0.1, 0.1, 1.0])
    tip, turn = Kinematics(spec).forward(DOWN)
    at = tip + BESIDE * turn[:, 0]
    world.reset(np.append(DOWN, OPEN), {"block": np.array([*at[:2], HALF - 0.005, 0.0])})

    def go(start: np.ndarray, end: np.ndarray, seconds: float) -> None:
        ticks = round(seconds * 1e9 / TICK_NS)
        for tick in range(ticks):
            position = start + (end - start) * (tick + 1) / ticks
            world.advance(Command(position, np.zeros_like(position), world.time_ns), TICK_NS)

    go(np.append(DOWN, OPEN), np.append(DOWN, SHUT), 1.0)
    assert world.vectors()["fingers"][0] > SHUT + 0.2, "the block keeps the jaw open"
    go(np.append(DOWN, SHUT), np.append(UP, SHUT), 1.0)
    world.advance(None, 5_000_000_000)
    assert world.objects()["block"][2] > 0.04
    go(np.append(UP, SHUT), np.append(UP, OPEN), 1.0)
    assert world.objects()["block"][2] < 0.015
    world.close()
