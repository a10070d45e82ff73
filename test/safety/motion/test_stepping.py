# SPDX-License-Identifier: Apache-2.0
"""One tick toward a wish: every limit, its boundary, direction, "not limited", and NaN."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from robots import ACCELERATION, HOME, JOINTS, LOWER, UPPER, VELOCITY, made_up_robot
from set_points import plant_body

from ami_ros.body.limits import ChannelLimits
from ami_ros.body.link_shapes import LinkShapes
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.limits.zones import ZoneLimit, Zones
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.stepping import Stepping
from ami_ros.safety.restrictions import Restrictions
from ami_ros.types import Level, Verdict

DT_S = 0.01
SCALE = 0.5
JERK = (800.0, 700.0, 600.0, 500.0)
POSITION = np.array(HOME)
REST = np.zeros(JOINTS)


def stepping(scale: float = SCALE, **changes) -> Stepping:
    spec = made_up_robot(**changes)
    zones = Zones(LinkShapes(spec), spec.workspace, Restrictions(), 0.02)
    return Stepping(MotionLimits.of(GateBody.of_robot(spec), Restrictions(), scale), [ZoneLimit(zones)], DT_S)


def moving(velocity) -> ChannelState:
    return ChannelState(POSITION, np.asarray(velocity, dtype=np.float64), REST)


def codes(verdict: Verdict) -> set[str]:
    return {reason.code for reason in verdict.reasons}


def settle(step: Stepping, motion: ChannelState, wanted, ticks: int) -> Iterator[ChannelState]:
    """Ask for the same velocity again and again; yields every state."""
    for _ in range(ticks):
        motion, _ = step.toward(motion, np.asarray(wanted, dtype=np.float64))
        yield motion


def test_a_small_wish_is_met_within_the_tick():
    wanted = 0.9 * DT_S * np.array(ACCELERATION)
    after, verdict = stepping().toward(ChannelState.at_rest(POSITION), wanted)
    np.testing.assert_allclose(after.velocity, wanted)
    assert verdict.level is Level.PASS


@pytest.mark.parametrize("size", [0.25, 1.0, 1.8])
def test_the_acceleration_limit_keeps_the_direction(size):
    wanted = size * np.array([0.4, -0.3, 0.2, 0.1])
    after, verdict = stepping().toward(ChannelState.at_rest(POSITION), wanted)
    assert (verdict.level, codes(verdict)) == (Level.LIMITED, {"ACCELERATION_LIMIT"})
    share = after.velocity / wanted
    np.testing.assert_allclose(share, np.full(JOINTS, share[0]), rtol=1e-9)
    assert np.max(np.abs(after.velocity) / (DT_S * np.array(ACCELERATION))) == pytest.approx(1.0)


def test_the_jerk_limit_keeps_the_direction_and_lets_acceleration_grow_no_faster():
    wanted = np.array([0.05, -0.04, 0.03, 0.02])
    before = ChannelState.at_rest(POSITION)
    after, verdict = stepping(jerk=[80.0, 70.0, 60.0, 50.0]).toward(before, wanted)
    assert (verdict.level, codes(verdict)) == (Level.LIMITED, {"JERK_LIMIT"})
    assert (np.abs(after.acceleration) <= DT_S * np.array([80.0, 70.0, 60.0, 50.0]) + 1e-9).all()
    np.testing.assert_allclose(after.velocity / wanted, np.full(JOINTS, after.velocity[0] / wanted[0]))


def test_the_velocity_limit_is_scaled_and_keeps_the_direction():
    wanted = np.array([0.2, -1.6, 0.1, 0.05])
    *_, last = settle(stepping(lower=None, upper=None), ChannelState.at_rest(POSITION), wanted, 100)
    np.testing.assert_allclose(last.velocity, wanted * SCALE * VELOCITY[1] / 1.6)


def test_exactly_the_limits_pass():
    wanted = SCALE * np.array(VELOCITY)
    after, verdict = stepping(lower=None, upper=None).toward(moving(wanted), wanted)
    np.testing.assert_allclose(after.velocity, wanted, atol=1e-12)
    assert verdict.level is Level.PASS


def test_speed_scale_zero_lets_nothing_move():
    after, verdict = stepping(0.0).toward(ChannelState.at_rest(POSITION), np.array([0.2, -0.1, 0.3, 0.4]))
    assert (verdict.level, codes(verdict)) == (Level.LIMITED, {"VELOCITY_LIMIT"})
    np.testing.assert_array_equal(after.position, POSITION)


@pytest.mark.parametrize("jerk", [None, JERK])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_it_brakes_in_time_and_stops_at_the_position_limit(sign, jerk):
    bound = np.array(LOWER if sign < 0 else UPPER)
    states = list(
        settle(stepping(jerk=jerk), ChannelState.at_rest(POSITION), np.full(JOINTS, sign * 10.0), 1500)
    )
    for state in states:
        assert (sign * (bound - state.position) >= -1e-9).all()
    np.testing.assert_allclose(states[-1].position, bound, atol=2e-3)
    np.testing.assert_allclose(states[-1].velocity, REST, atol=1e-2)


def test_only_the_joint_at_its_limit_is_bent():
    motion = ChannelState.at_rest(np.array([UPPER[0], *HOME[1:]]))
    wanted = np.array([0.02, 0.03, -0.02, 0.01])
    after, verdict = stepping().toward(motion, wanted)
    assert codes(verdict) == {"POSITION_LIMIT"}
    np.testing.assert_allclose(after.velocity, [0.0, 0.03, -0.02, 0.01], atol=1e-12)


def test_outside_a_limit_it_may_only_come_back():
    motion = ChannelState.at_rest(np.array([UPPER[0] + 0.2, HOME[1], LOWER[2] - 0.2, HOME[3]]))
    outward, _ = stepping().toward(motion, np.array([0.05, 0.0, -0.05, 0.0]))
    np.testing.assert_array_equal(outward.velocity, REST)
    inward, _ = stepping().toward(motion, np.array([-0.05, 0.0, 0.05, 0.0]))
    np.testing.assert_allclose(inward.velocity, [-0.05, 0.0, 0.05, 0.0], atol=1e-9)


def test_huge_wishes_do_not_overflow():
    with np.errstate(over="ignore"):
        after, verdict = stepping().toward(ChannelState.at_rest(POSITION), np.full(JOINTS, 1e308))
    assert verdict.level is Level.LIMITED
    assert (np.abs(after.velocity) <= DT_S * np.array(ACCELERATION) * (1 + 1e-9)).all()


def test_null_means_not_limited():
    wanted = np.array([1e5, -1e5, 3e5, 2e5])
    huge = np.array([[-1e9] * 3, [1e9] * 3])
    free = stepping(lower=None, upper=None, velocity=None, acceleration=None, workspace=huge)
    after, verdict = free.toward(ChannelState.at_rest(POSITION), wanted)
    np.testing.assert_array_equal(after.velocity, wanted)
    assert verdict.level is Level.PASS


def test_without_acceleration_limit_it_does_not_pass_the_bound():
    free = stepping(velocity=None, acceleration=None)
    *_, last = settle(free, ChannelState.at_rest(POSITION), np.full(JOINTS, 1e9), 3)
    np.testing.assert_allclose(last.position, np.array(UPPER), atol=1e-9)
    assert (last.position <= np.array(UPPER) + 1e-9).all()


@pytest.mark.parametrize("missing", ["lower", "upper", "velocity", "acceleration"])
def test_one_missing_limit_leaves_the_others_in_force(missing):
    step, wanted = stepping(**{missing: None}), [9.0, -9.0, 9.0, -9.0]
    states = [ChannelState.at_rest(POSITION), *settle(step, ChannelState.at_rest(POSITION), wanted, 300)]
    velocities, positions = np.array([s.velocity for s in states]), np.array([s.position for s in states])
    assert np.isfinite(velocities).all()
    if missing != "velocity":
        assert (np.abs(velocities) <= SCALE * np.array(VELOCITY) + 1e-9).all()
    if missing != "acceleration":
        assert (np.abs(np.diff(velocities, axis=0)) <= DT_S * np.array(ACCELERATION) + 1e-9).all()
    if missing != "lower":
        assert (positions >= np.array(LOWER) - 1e-9).all()
    if missing != "upper":
        assert (positions <= np.array(UPPER) + 1e-9).all()


@pytest.mark.parametrize("free", range(2))
@pytest.mark.parametrize(
    "limits",
    [
        {"acceleration": (15.0, 1.5)},
        {"acceleration": (15.0, 1.5), "jerk": (90.0, 12.0)},
        {"jerk": (90.0, 12.0)},
    ],
)
def test_channels_without_a_limit_next_to_limited_ones_neither_lose_theirs_nor_stand_still(limits, free):
    """Of two channels one has no limit on acceleration, or on jerk; both are asked to move, and to stop again."""
    given = {"lower": (20.0, 0.0), "upper": (80.0, 1.0), "velocity": (6.0, 0.4), "effort": None}
    given |= {"acceleration": None, "jerk": None, **limits}
    name = min(limits) if len(limits) == 1 else "jerk"
    given[name] = tuple(None if i == free else value for i, value in enumerate(given[name]))
    body = plant_body(limits=ChannelLimits.from_mapping(given, 2, "test"))
    in_force = MotionLimits.of(body, Restrictions(), 1.0)
    step = Stepping(in_force, (), DT_S)
    motion = ChannelState.at_rest(np.array([25.0, 0.25]))
    for wanted, ticks in (((5.0, 0.3), 60), ((0.0, 0.0), 90)):
        for after in settle(step, motion, wanted, ticks):
            change, ramp = after.velocity - motion.velocity, after.acceleration - motion.acceleration
            assert (np.abs(change) <= in_force.acceleration * DT_S + 1e-9).all()
            assert (np.abs(ramp) <= in_force.jerk * DT_S * (1.0 + 1e-6) + 1e-9).all()
            motion = after
        np.testing.assert_allclose(motion.velocity, wanted, atol=1e-6)
