# SPDX-License-Identifier: Apache-2.0
"""A pose of the tip as joints: what an arm can give, and one sentence for each thing that it cannot."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pinocchio
import pytest

from ami_ros.body.goals.pose import ANY, TipPose, joints_at
from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import GoalError

SPEC = load_robot("panda", "reach")
FREE = SPEC.with_group(arm=dataclasses.replace(SPEC.arm, orientation="free"))
DOWN, PLACE = (1.0, 0.0, 0.0, 0.0), (0.5, 0.1, 0.3)
HALF = math.sqrt(0.5)


@pytest.fixture(scope="module")
def kinematics() -> Kinematics:
    return Kinematics(SPEC)


@pytest.fixture(scope="module")
def free() -> Kinematics:
    return Kinematics(FREE)


def pose(position=PLACE, orientation=DOWN, frame="panda_link0") -> TipPose:
    return TipPose(frame, np.array(position), np.array(orientation))


@pytest.mark.parametrize("orientation", [DOWN, (-1.0, 0.0, 0.0, 0.0), (0.9999, 0.012, 0.0, 0.005)])
def test_the_tip_has_the_pose(kinematics, orientation):
    joints = joints_at(pose(orientation=orientation), SPEC, kinematics)
    position, rotation = kinematics.forward(joints)
    assert np.linalg.norm(position - PLACE) < 2e-3
    assert np.linalg.norm(pinocchio.log3(rotation @ np.diag([1.0, -1.0, -1.0]))) < 2e-3
    assert (SPEC.limits.lower <= joints).all() and (joints <= SPEC.limits.upper).all()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"frame": "map"}, r"frame_id: got 'map', expected 'panda_link0'"),
        ({"frame": ""}, r"frame_id: got '', expected 'panda_link0'"),
        ({"position": (0.5, math.nan, 0.3)}, r"position: non-finite at index \[1\]"),
        ({"orientation": (math.inf, 0.0, 0.0, 0.0)}, r"orientation: non-finite at index \[0\]"),
        ({"orientation": (0.0, 0.0, 0.0, 0.0)}, r"\[0.0, 0.0, 0.0, 0.0\], expected a quaternion .* length 1"),
        ({"orientation": (1.0, 1.0, 0.0, 0.0)}, r"expected a quaternion .* length 1"),
        (
            {"position": (0.66, 0.1, 0.3)},
            r"\[0.66, 0.1, 0.3\] m, expected the workspace: \[0.3, -0.3, 0.08\]",
        ),
        ({"orientation": ANY}, r"3.14 rad away .* expected \[1.0, 0.0, 0.0, 0.0\], which this arm keeps"),
        ({"orientation": (HALF, HALF, 0.0, 0.0)}, r"1.57 rad away"),
    ],
)
def test_what_it_cannot_have_is_refused_in_a_sentence(kinematics, wrong, says):
    with pytest.raises(GoalError, match=says) as refused:
        joints_at(pose(**wrong), SPEC, kinematics)
    assert "\n" not in str(refused.value)


def test_what_it_cannot_reach_is_refused(kinematics):
    far = SPEC.with_group(arm=dataclasses.replace(SPEC.arm, workspace=np.array([[-2.0] * 3, [2.0] * 3])))
    with pytest.raises(GoalError, match=r"tip position \[1.5, 0.0, 0.3\] is out of reach"):
        joints_at(pose(position=(1.5, 0.0, 0.3)), far, kinematics)


def test_with_a_free_orientation_the_place_alone_is_asked_for(free):
    joints = joints_at(pose(orientation=ANY), FREE, free)
    position, rotation = free.forward(joints)
    assert np.linalg.norm(position - PLACE) < 2e-3
    there = pinocchio.Quaternion(rotation).coeffs()
    assert np.array_equal(joints_at(pose(orientation=there), FREE, free), joints), "as it is there anyway"
    with pytest.raises(GoalError, match=r"expected \[.*\], or \[0.0, 0.0, 0.0, 1.0\] for any"):
        joints_at(pose(orientation=(0.0, HALF, 0.0, HALF)), FREE, free)
