# SPDX-License-Identifier: Apache-2.0
"""What is out of range says which channel, its value, its range, and what may be the cause."""

from __future__ import annotations

import numpy as np

from ami_ros.body.actions import ActionSpec, Channel
from ami_ros.recordings.importing.beyond_range import BeyondRange

CHANNELS = (
    Channel("joint_3", "rad", -1.0, 2.0),
    Channel("joint_4", "rad", -3.2, 3.2),
    Channel("x", "m", 0, 1),
)


def test_the_worst_value_of_each_channel_is_said():
    beyond = BeyondRange(ActionSpec("setpoint", 10.0, 1, CHANNELS), convertible=True)
    assert beyond.take(np.array([0.0, 50.0, 0.5])) == "joint_4"
    assert beyond.take(np.array([2.5, 94.6, 0.5])) == "joint_4"
    assert beyond.take(np.array([-1.4, 0.0, 0.5])) == "joint_3"
    assert beyond.take(np.array([0.0, 0.0, 9.0])) == "x"
    degrees, joint, other = beyond.lines()
    assert degrees == (
        "joint_4: 94.6, at most 3.2 rad (in 2 steps): degrees? --degrees; percentages or ticks of a servo? "
        "--calibration FILE"
    )
    assert joint.startswith("joint_3: -1.4, at least -1 rad (in 1 steps): another robot's, or another unit?")
    assert other.startswith("x: 9, at most 1 m (in 1 steps): another robot's")


def test_an_action_that_is_not_finite_is_of_its_channel():
    beyond = BeyondRange(ActionSpec("setpoint", 10.0, 1, CHANNELS), convertible=True)
    assert beyond.take(np.array([np.nan, 9.0, 0.5])) == "joint_3"


def test_no_option_is_named_where_none_converts():
    beyond = BeyondRange(ActionSpec("setpoint", 10.0, 1, CHANNELS), convertible=False)
    beyond.take(np.array([0.0, 94.6, 0.5]))
    (line,) = beyond.lines()
    assert line.startswith("joint_4: 94.6, at most 3.2 rad (in 1 steps): another robot's, or another unit?")
