# SPDX-License-Identifier: Apache-2.0
"""Readings of a body's place: of an arm with a gripper, only its joints, at their own limits."""

from __future__ import annotations

import numpy as np
from recorded import TRUST

from ami_ros.body.robot_spec import load_robot
from ami_ros.recordings.importing.place import place_of

STAMPS = [0, 10_000_000, 20_000_000]


def test_joints_of_an_arm_with_a_gripper_leap_by_their_own_limits():
    spec = load_robot("panda_hand")
    place, home = place_of(spec), np.asarray(spec.arm.home)
    explained = 0.01 * spec.arm.limits.velocity
    still, leaped = home + 0.5 * explained, home + explained
    leaped[3] += 2.0 * TRUST.joint_jump
    assert place.leaps(STAMPS, [home, still, home], TRUST).tolist() == []
    assert place.leaps(STAMPS, [home, leaped, leaped], TRUST).tolist() == [STAMPS[:2]]
