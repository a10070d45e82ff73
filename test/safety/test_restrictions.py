# SPDX-License-Identifier: Apache-2.0
"""Tighter than the robot, never looser; and both numbers are named."""

from __future__ import annotations

import numpy as np
import pytest
from bodies.driven_base import base_body
from gate_arm import WORKSPACE, gate_arm
from robots import JOINTS, LOWER, UPPER, VELOCITY

from ami_ros.errors import ConfigError
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.restrictions import Restrictions

BODY = GateBody.of_robot(gate_arm())
BOX = np.array(WORKSPACE)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"speed_scale": 0.0},
        {"speed_scale": 1.0},
        {"lower": np.array(LOWER), "upper": np.array(UPPER)},
        {"velocity": np.array(VELOCITY) / 2},
        {"workspace": BOX},
        {"forbidden": np.zeros((0, 2, 3))},
        {"forbidden": BOX[None] + 3.0},
    ],
)
def test_as_tight_or_tighter_is_taken(given):
    Restrictions(**given).check(BODY)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"speed_scale": 1.01}, "speed_scale: got 1.01"),
        ({"speed_scale": -0.1}, "speed_scale: got -0.1"),
        ({"speed_scale": np.nan}, "speed_scale: got nan"),
        ({"lower": np.array(LOWER) - 0.01}, r"lower: got .*-1.51.* no looser than the robot's .*-1.5"),
        ({"upper": np.array(UPPER) + 0.01}, r"upper: got .*1.26.* no looser than the robot's .*1.25"),
        ({"upper": np.array(LOWER)}, "is not below upper"),
        ({"velocity": np.array(VELOCITY) + 1.0}, "velocity: got"),
        ({"velocity": np.zeros(JOINTS)}, "expected positive"),
        ({"acceleration": np.full(JOINTS, np.nan)}, "acceleration: got .* finite"),
        ({"jerk": np.ones(JOINTS - 1)}, "jerk: got"),
        ({"workspace": BOX + 0.01}, "workspace: got .* inside the robot's"),
        ({"workspace": BOX[::-1]}, "lower corner below"),
        ({"forbidden": BOX[None, ::-1]}, "lower corner below"),
        ({"forbidden": BOX}, "forbidden: got"),
    ],
)
def test_looser_or_malformed_is_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        Restrictions(**given).check(BODY)


def test_limits_in_force_are_the_tightest_and_the_scale_applies_to_speed_only():
    limits = MotionLimits.of(BODY, Restrictions(velocity=np.array(VELOCITY) / 2), 0.5)
    np.testing.assert_allclose(limits.velocity, np.array(VELOCITY) / 4)
    np.testing.assert_array_equal(limits.lower, LOWER)
    both = MotionLimits.of(BODY, Restrictions(speed_scale=0.25), 0.5)
    np.testing.assert_allclose(both.velocity, np.array(VELOCITY) / 4)
    free = MotionLimits.of(GateBody.of_robot(gate_arm(velocity=None, jerk=None)), Restrictions(), 0.5)
    assert np.isinf(free.velocity).all()
    assert np.isinf(free.jerk).all()


@pytest.mark.parametrize(("name", "given"), [("lower", [0.2, -0.5]), ("upper", [0.2, -0.5])])
def test_a_base_must_be_allowed_to_stand_still(name, given):
    with pytest.raises(ConfigError, match=rf"{name}: got .*standing still at \[0.0, 0.0\]"):
        Restrictions(**{name: np.array(given)}).check(base_body())


def test_a_base_may_be_kept_from_driving_backward():
    Restrictions(lower=np.array([0.0, -0.5])).check(base_body())
