# SPDX-License-Identifier: Apache-2.0
"""How restrictions take effect in the middle of a motion, and that they never bind a stop."""

from __future__ import annotations

import numpy as np
import pytest
from gate_timeline import SETTINGS
from robots import ACCELERATION, HOME, JOINTS, VELOCITY, made_up_robot

from ami_ros.errors import ConfigError
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.in_force import LimitsInForce
from ami_ros.safety.motion.whereabouts import Whereabouts
from ami_ros.safety.restrictions import Restrictions
from ami_ros.types import Level

DT_S = 0.01
JERK = np.array([400.0, 350.0, 300.0, 250.0])
WAY = np.array([0.4, -0.3, 0.2, 0.1])
REST = np.zeros(JOINTS)


@pytest.fixture
def limits() -> LimitsInForce:
    body = GateBody.of_robot(made_up_robot(jerk=JERK.tolist()))
    whereabouts = Whereabouts(body, SETTINGS)
    return LimitsInForce(body, SETTINGS, whereabouts)


def follow(limits: LimitsInForce, state: ChannelState, ticks: int, way=WAY, codes: set | None = None):
    """Go on at full speed."""
    for _ in range(ticks):
        state, verdict = limits.follow(state, state.position + 10.0 * way, REST, 1.0)
        if codes is not None:
            codes |= {reason.code for reason in verdict.reasons}
    return state


def stop(limits: LimitsInForce, state: ChannelState) -> int:
    """Return how many ticks a hold takes."""
    ticks = 0
    while state.velocity.any() or state.acceleration.any():
        state, ticks = limits.hold(state), ticks + 1
    return ticks


def speeding_up(limits: LimitsInForce) -> ChannelState:
    state = follow(limits, ChannelState.at_rest(np.array(HOME)), 8)
    assert np.abs(state.acceleration).max() > 0.5 * max(ACCELERATION)
    return state


@pytest.mark.parametrize("size", [0.3, 0.05, 0.002, 1e-5])
def test_a_smaller_jerk_takes_effect_where_the_acceleration_can_be_kept(limits, size):
    before = speeding_up(limits)
    limits.restrict(Restrictions(jerk=size * JERK))
    codes: set[str] = set()
    after, reached = before, False
    for _ in range(60):
        state, after = after, follow(limits, after, 1, codes=codes)
        ramp = np.abs(after.acceleration - state.acceleration) / DT_S
        reached = reached or bool((ramp <= size * JERK * (1.0 + 1e-6) + 1e-9).all())
        assert not reached or bool((ramp <= size * JERK * (1.0 + 1e-6) + 1e-9).all()), "and then it counts"
        assert (ramp <= JERK * (1.0 + 1e-6)).all()
        assert (np.abs(after.velocity) <= SETTINGS.speed_scale * np.array(VELOCITY) * (1.0 + 1e-9)).all()
    assert reached
    assert ("TIGHTENING" in codes) is (size < 0.1)


def test_what_is_no_tighter_than_the_motion_takes_effect_at_once_and_says_nothing(limits):
    state = follow(limits, ChannelState.at_rest(np.array(HOME)), 60)
    np.testing.assert_allclose(state.acceleration, 0.0, atol=1e-9)
    limits.restrict(Restrictions(acceleration=0.5 * np.array(ACCELERATION)))
    codes: set[str] = set()
    follow(limits, state, 3, codes=codes)
    assert "TIGHTENING" not in codes


@pytest.mark.parametrize("size", [0.1, 0.01, 0.001])
def test_a_stop_takes_no_longer_for_what_is_restricted(limits, size):
    free = stop(limits, speeding_up(limits))
    for given in (
        {"acceleration": size * np.array(ACCELERATION)},
        {"jerk": size * JERK},
        {"velocity": size * np.array(VELOCITY)},
        {"acceleration": size * np.array(ACCELERATION), "jerk": size * JERK},
    ):
        limits.restrict(Restrictions())
        state = speeding_up(limits)
        limits.restrict(Restrictions(**given))
        assert stop(limits, state) == free, given


def test_after_a_hold_that_ends_in_mid_braking_the_restriction_is_reached_again(limits):
    gentle = 0.1 * np.array(ACCELERATION)
    limits.restrict(Restrictions(acceleration=gentle))
    state = follow(limits, ChannelState.at_rest(np.array(HOME)), 80)
    for _ in range(3):
        state = limits.hold(state)
    assert (np.abs(state.acceleration) > gentle).any()
    codes: set[str] = set()
    state = follow(limits, state, 40, codes=codes)
    assert "TIGHTENING" in codes
    assert (np.abs(state.acceleration) <= gentle * (1.0 + 1e-6)).all()


def test_a_tighter_velocity_is_reached_before_a_tighter_acceleration_counts(limits):
    """Under the new acceleration alone it would take much longer to slow down."""
    state = follow(limits, ChannelState.at_rest(np.array(HOME)), 60)
    slow, gentle = 0.1 * np.array(VELOCITY), 0.01 * np.array(ACCELERATION)
    limits.restrict(Restrictions(velocity=slow, acceleration=gentle))
    state = follow(limits, state, 30)
    assert (np.abs(state.velocity) <= SETTINGS.speed_scale * slow * (1.0 + 1e-6)).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_wish_that_is_not_finite_stops_fully(limits, value):
    limits.restrict(Restrictions(acceleration=0.1 * np.array(ACCELERATION)))
    state = follow(limits, ChannelState.at_rest(np.array(HOME)), 80)
    goal = state.position + np.array([0.1, value, 0.2, 0.1])
    after, verdict = limits.follow(state, goal, REST, 1.0)
    assert (verdict.level, verdict.reasons[0].code) == (Level.HOLD, "VELOCITY_NOT_FINITE")
    np.testing.assert_array_equal(after.velocity, limits.hold(state).velocity)


def test_a_hold_gives_way_once_nothing_goes_the_other_way(limits):
    state = speeding_up(limits)
    way_out = -np.sign(WAY)
    first = limits.hold(state, way_out)
    np.testing.assert_array_equal(first.velocity, limits.hold(state).velocity)
    for _ in range(80):
        state = limits.hold(state, way_out)
    assert (np.sign(state.velocity) == way_out).all()


def test_what_is_looser_than_the_robot_changes_nothing(limits):
    before = speeding_up(limits)
    with pytest.raises(ConfigError, match="no looser"):
        limits.restrict(Restrictions(jerk=2.0 * JERK))
    after = follow(limits, before, 1)
    limits.restrict(Restrictions())
    np.testing.assert_array_equal(after.position, follow(limits, before, 1).position)
