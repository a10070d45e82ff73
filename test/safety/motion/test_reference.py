# SPDX-License-Identifier: Apache-2.0
"""The path through a proposal's points: through them, straight between neighbours, still outside."""

from __future__ import annotations

import numpy as np
import pytest
from gate_timeline import START_NS, STEP_NS
from robots import HOME, JOINTS, made_up_robot

from ami_ros.safety.motion.reference import reference
from ami_ros.types import Trajectory

NAMES = made_up_robot().joint_names
OFFSETS = np.array([0.0, 0.1, 0.4, 0.3, 0.35, 0.35])
POINTS = np.array(HOME) + OFFSETS[:, None] * np.array([1.0, -2.0, 0.5, 3.0])


def proposed(points=POINTS, times=None) -> Trajectory:
    times = np.arange(len(points)) * STEP_NS if times is None else np.asarray(times)
    return Trajectory(NAMES, np.asarray(points), times, START_NS)


def test_it_goes_through_every_point():
    path = proposed()
    for index, point in enumerate(POINTS):
        np.testing.assert_allclose(reference(path, START_NS + index * STEP_NS)[0], point, atol=1e-12)


def test_between_points_the_velocity_is_constant_and_belongs_to_the_position():
    path, dt_ns = proposed(), 1_000_000
    states = [reference(path, START_NS + i * dt_ns) for i in range(5 * STEP_NS // dt_ns)]
    positions, velocities = (np.array(values) for values in zip(*states, strict=True))
    np.testing.assert_allclose(np.diff(positions, axis=0) / 1e-3, velocities[:-1], atol=1e-5)
    pieces = np.diff(POINTS, axis=0) / (STEP_NS / 1e9)
    np.testing.assert_allclose(velocities.reshape(5, -1, JOINTS).mean(axis=1), pieces, atol=1e-9)


def test_no_joint_leaves_the_interval_between_neighbouring_points():
    path = proposed()
    for index in range(len(POINTS) - 1):
        low, high = np.minimum(*POINTS[index : index + 2]), np.maximum(*POINTS[index : index + 2])
        for share in np.linspace(0.0, 1.0, 23):
            position, _ = reference(path, START_NS + round((index + share) * STEP_NS))
            assert (position >= low - 1e-9).all()
            assert (position <= high + 1e-9).all()


@pytest.mark.parametrize("elapsed_ns", [-1, 5 * STEP_NS, 9 * STEP_NS])
def test_it_stands_still_outside(elapsed_ns):
    position, velocity = reference(proposed(), START_NS + elapsed_ns)
    np.testing.assert_array_equal(position, POINTS[0 if elapsed_ns < 0 else -1])
    np.testing.assert_array_equal(velocity, np.zeros(JOINTS))


def test_two_points_are_a_straight_line():
    position, velocity = reference(proposed(POINTS[:2]), START_NS + STEP_NS // 4)
    np.testing.assert_allclose(position, POINTS[0] + 0.25 * (POINTS[1] - POINTS[0]))
    np.testing.assert_allclose(velocity, (POINTS[1] - POINTS[0]) * 10.0)


def test_a_single_point_is_a_place_to_be():
    path = proposed(POINTS[1:2], [STEP_NS])
    for elapsed_ns in (0, STEP_NS, 5 * STEP_NS):
        position, velocity = reference(path, START_NS + elapsed_ns)
        np.testing.assert_array_equal(position, POINTS[1])
        np.testing.assert_array_equal(velocity, np.zeros(JOINTS))
