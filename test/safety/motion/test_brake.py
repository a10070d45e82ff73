# SPDX-License-Identifier: Apache-2.0
"""The stop in closed form, against integration by small steps and against itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ami_ros.safety.motion.brake import Brake
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits

JOINTS = 3
ACCELERATION, JERK = np.array([8.0, 5.0, 3.0]), np.array([90.0, 70.0, 40.0])
DT_S = 0.01
ENDLESS = np.full(JOINTS, np.inf)


def limits(acceleration=ACCELERATION, jerk=JERK) -> MotionLimits:
    return MotionLimits(-ENDLESS, ENDLESS, ENDLESS, acceleration, jerk)


def motion(velocity, acceleration=(0.0, 0.0, 0.0)) -> ChannelState:
    return ChannelState(np.array([0.1, -0.2, 0.3]), np.array(velocity), np.array(acceleration))


numbers = st.lists(st.floats(-2.0, 2.0), min_size=JOINTS, max_size=JOINTS)
shares = st.lists(st.floats(-1.0, 1.0), min_size=JOINTS, max_size=JOINTS)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(numbers, shares)
def test_it_comes_to_rest_within_the_limits_and_its_reach_is_the_path(velocity, share):
    stop = Brake(motion(velocity, np.array(share) * ACCELERATION), limits())
    times = np.linspace(0.0, stop.duration_s, 3000)[:, None]
    path, step = stop.at(times), stop.duration_s / 2999 + 1e-12
    assert (np.abs(path.acceleration) <= ACCELERATION + 1e-9).all()
    assert (np.abs(np.diff(path.acceleration, axis=0)) <= JERK * step + 1e-6).all()
    np.testing.assert_allclose(np.diff(path.position, axis=0), path.velocity[:-1] * step, atol=1e-4)
    np.testing.assert_array_equal(stop.at(stop.duration_s).velocity, np.zeros(JOINTS))
    low, high = stop.reach()
    assert (path.position >= low - 1e-9).all()
    assert (path.position <= high + 1e-9).all()
    np.testing.assert_allclose(path.position.max(axis=0), high, atol=1e-4)
    np.testing.assert_allclose(path.position.min(axis=0), low, atol=1e-4)
    assert (np.abs(path.velocity) <= stop.peak_speed + 1e-9).all()


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(numbers, shares)
def test_a_stop_from_the_path_is_the_rest_of_the_path(velocity, share):
    first = Brake(motion(velocity, np.array(share) * ACCELERATION), limits())
    second = Brake(first.at(DT_S), limits())
    for later in (0.0, 0.05, 0.2, 1.0):
        np.testing.assert_allclose(second.at(later).position, first.at(DT_S + later).position, atol=1e-7)
    assert second.duration_s == pytest.approx(max(first.duration_s - DT_S, 0.0), abs=1e-5)


def test_without_a_jerk_limit_it_decelerates_at_once():
    stop = Brake(motion([0.4, -0.5, 0.0]), limits(jerk=ENDLESS))
    after = stop.at(DT_S)
    np.testing.assert_allclose(after.velocity, [0.4 - 0.08, -0.5 + 0.05, 0.0])
    np.testing.assert_allclose(after.acceleration, [-8.0, 5.0, 0.0])
    assert stop.duration_s == pytest.approx(0.1)


def test_without_any_limit_it_stands_at_once():
    before = motion([4.0, -5.0, 6.0])
    after = Brake(before, limits(ENDLESS, ENDLESS)).at(DT_S)
    np.testing.assert_array_equal(after.position, before.position)
    np.testing.assert_array_equal(after.velocity, np.zeros(JOINTS))


def test_an_acceleration_above_a_limit_that_was_tightened_is_still_brought_to_rest():
    stop = Brake(motion([0.5, 0.2, -0.3], [12.0, -9.0, 6.0]), limits())
    np.testing.assert_array_equal(stop.at(stop.duration_s).velocity, np.zeros(JOINTS))
    assert np.isfinite(stop.at(stop.duration_s).position).all()
