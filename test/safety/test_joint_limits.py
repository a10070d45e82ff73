# SPDX-License-Identifier: Apache-2.0
"""The limiter alone: every limit, its boundary, direction, "not limited", and NaN."""

from __future__ import annotations

import numpy as np
import pytest
from robots import ACCELERATION, HOME, JOINTS, LOWER, UPPER, VELOCITY, made_up_robot

from ami_ros.safety.joint_limits import JointLimiter
from ami_ros.types import Level

DT_S = 0.01
SCALE = 0.5
POSITION = np.array(HOME)
REST = np.zeros(JOINTS)


def limiter(**limits) -> JointLimiter:
    return JointLimiter(made_up_robot(**limits), SCALE, DT_S)


def codes(verdict) -> set[str]:
    return {reason.code for reason in verdict.reasons}


def settle(limit: JointLimiter, position, velocity, wanted, ticks):
    """Ask for the same velocity again and again; yields every allowed one."""
    for _ in range(ticks):
        velocity, _ = limit.limit(position, velocity, wanted)
        position = position + velocity * DT_S
        yield position, velocity


def test_a_small_wish_passes_unchanged():
    wanted = 0.9 * DT_S * np.array(ACCELERATION)
    allowed, verdict = limiter().limit(POSITION, REST, wanted)
    np.testing.assert_array_equal(allowed, wanted)
    assert verdict.level is Level.PASS


@pytest.mark.parametrize("size", [0.25, 1.0, 1.8])
def test_the_acceleration_limit_keeps_the_direction(size):
    wanted = size * np.array([0.4, -0.3, 0.2, 0.1])
    allowed, verdict = limiter().limit(POSITION, REST, wanted)
    assert (verdict.level, codes(verdict)) == (Level.LIMITED, {"ACCELERATION_LIMIT"})
    np.testing.assert_allclose(allowed / wanted, np.full(JOINTS, allowed[0] / wanted[0]))
    assert np.max(np.abs(allowed) / (DT_S * np.array(ACCELERATION))) == pytest.approx(1.0)


def test_the_velocity_limit_is_scaled_and_keeps_the_direction():
    wanted = np.array([0.2, -1.6, 0.1, 0.05])
    *_, (_, allowed) = settle(limiter(lower=None, upper=None), POSITION, REST, wanted, 100)
    np.testing.assert_allclose(allowed, wanted * SCALE * VELOCITY[1] / 1.6)


def test_exactly_the_limits_pass():
    wanted = SCALE * np.array(VELOCITY)
    allowed, verdict = limiter().limit(POSITION, wanted, wanted)
    np.testing.assert_array_equal(allowed, wanted)
    assert verdict.level is Level.PASS


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_it_brakes_in_time_and_stops_at_the_position_limit(sign):
    bound = np.array(LOWER if sign < 0 else UPPER)
    states = list(settle(limiter(), POSITION, REST, np.full(JOINTS, sign * 10.0), 2000))
    for position, _ in states:
        assert (sign * (bound - position) >= -1e-12).all()
    position, velocity = states[-1]
    np.testing.assert_allclose(position, bound, atol=2e-3)
    np.testing.assert_allclose(velocity, REST, atol=1e-2)


def test_only_the_joint_at_its_limit_is_bent():
    position = np.array([UPPER[0], *HOME[1:]])
    wanted = np.array([0.02, 0.03, -0.02, 0.01])
    allowed, verdict = limiter().limit(position, REST, wanted)
    assert codes(verdict) == {"POSITION_LIMIT"}
    np.testing.assert_array_equal(allowed, [0.0, 0.03, -0.02, 0.01])


def test_outside_a_limit_it_may_only_come_back():
    position = np.array([UPPER[0] + 0.2, HOME[1], LOWER[2] - 0.2, HOME[3]])
    outward, _ = limiter().limit(position, REST, np.array([0.05, 0.0, -0.05, 0.0]))
    np.testing.assert_array_equal(outward, REST)
    inward, _ = limiter().limit(position, REST, np.array([-0.05, 0.0, 0.05, 0.0]))
    np.testing.assert_array_equal(inward, [-0.05, 0.0, 0.05, 0.0])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_wish_that_is_not_finite_means_stand_still(value):
    velocity = np.array([0.3, 0.2, -0.1, 0.05])
    wanted = np.array([0.1, value, 0.1, 0.1])
    allowed, verdict = limiter().limit(POSITION, velocity, wanted)
    assert verdict.level is Level.HOLD
    assert "VELOCITY_NOT_FINITE" in codes(verdict)
    assert (np.abs(allowed) < np.abs(velocity)).all()
    assert (np.sign(allowed) == np.sign(velocity)).all()


def test_huge_wishes_do_not_overflow():
    with np.errstate(over="ignore"):
        allowed, verdict = limiter().limit(POSITION, REST, np.full(JOINTS, 1e308))
    assert verdict.level is Level.LIMITED
    assert np.isfinite(allowed).all()
    assert (np.abs(allowed) <= DT_S * np.array(ACCELERATION) * (1 + 1e-12)).all()


def test_null_means_not_limited():
    wanted = np.array([1e6, -1e6, 3e6, 2e6])
    free = limiter(lower=None, upper=None, velocity=None, acceleration=None)
    allowed, verdict = free.limit(POSITION, REST, wanted)
    np.testing.assert_array_equal(allowed, wanted)
    assert verdict.level is Level.PASS


def test_without_acceleration_limit_it_may_stop_within_one_tick_but_not_pass_the_bound():
    room = np.array(UPPER) - POSITION
    allowed, _ = limiter(velocity=None, acceleration=None).limit(POSITION, REST, np.full(JOINTS, 1e9))
    np.testing.assert_allclose(POSITION + allowed * DT_S, np.array(UPPER), atol=1e-9)
    assert (allowed * DT_S <= room + 1e-12).all()


@pytest.mark.parametrize("missing", ["lower", "upper", "velocity", "acceleration"])
def test_one_missing_limit_leaves_the_others_in_force(missing):
    states = list(settle(limiter(**{missing: None}), POSITION, REST, np.array([9.0, -9.0, 9.0, -9.0]), 300))
    velocities = np.array([REST] + [velocity for _, velocity in states])
    positions = np.array([position for position, _ in states])
    assert np.isfinite(velocities).all()
    if missing != "velocity":
        assert (np.abs(velocities) <= SCALE * np.array(VELOCITY) + 1e-9).all()
    if missing != "acceleration":
        assert (np.abs(np.diff(velocities, axis=0)) <= DT_S * np.array(ACCELERATION) + 1e-9).all()
    if missing != "lower":
        assert (positions >= np.array(LOWER) - 1e-9).all()
    if missing != "upper":
        assert (positions <= np.array(UPPER) + 1e-9).all()
