# SPDX-License-Identifier: Apache-2.0
"""How a base gets to a pose, with channels that reach further one way than the other."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ami_ros.body.actions import ActionSpec, Channel
from ami_ros.exploration.steering import SteeringTo, limited, used_share

STEP_S, NEAR, ANGLE = 0.2, 0.2, 0.3


def channels(low: float, high: float) -> ActionSpec:
    """Turns come first: nobody may rely on the order."""
    return ActionSpec("twist", 5.0, 1, (Channel("wz", "rad/s", -0.9, 0.6), Channel("vx", "m/s", low, high)))


@pytest.mark.parametrize(
    ("vx", "wz", "expected"),
    [
        (0.5, 0.0, (0.0, 0.5)),
        (1.0, 0.6, (0.3, 0.5)),  # as a whole: the way stays the same
        (-0.2, -0.9, (-0.45, -0.1)),
        (-0.05, 0.9, (0.6, -0.05 / 1.5)),
        (0.25, 0.3, (0.3, 0.25)),
    ],
)
def test_speeds_are_slowed_down_to_what_the_channels_can_that_way(vx, wz, expected):
    np.testing.assert_allclose(limited(channels(-0.1, 0.5), vx, wz), expected)


def test_what_a_channel_cannot_do_at_all_is_left_out():
    forward = channels(0.0, 0.5)
    np.testing.assert_allclose(limited(forward, -1.0, 0.3), (0.3, 0.0))
    assert used_share(forward, np.array([-0.9, 0.25])) == 1.0 and used_share(forward, np.zeros(2)) == 0.0


@pytest.mark.parametrize(("low", "backs"), [(-0.1, True), (0.0, False)])
def test_a_base_that_cannot_go_backward_gets_to_a_place_behind_it(low, backs):
    actions, pose = channels(low, 0.5), np.zeros(3)
    steering, taken = SteeringTo(actions, np.array([-1.5, 0.0, 0.0]), NEAR, ANGLE), []
    for _ in range(600):
        wz, vx = steering.next(pose)
        taken.append((wz, vx))
        pose = pose + STEP_S * np.array([vx * math.cos(pose[2]), vx * math.sin(pose[2]), wz])
    assert np.hypot(*(pose[:2] - [-1.5, 0.0])) < NEAR
    speeds = np.array(taken)
    assert (speeds >= actions.low).all() and (speeds <= actions.high).all()
    assert (speeds[:, 1].min() < 0.0) == backs
