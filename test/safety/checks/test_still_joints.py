# SPDX-License-Identifier: Apache-2.0
"""Joints that repeat to the last bit: at rest that is right, on the way it is a frozen driver."""

from __future__ import annotations

import numpy as np
import pytest
from gate_timeline import SETTINGS, START_NS
from robots import HOME, JOINTS

from ami_ros.safety.checks.still_joints import StillJoints
from ami_ros.safety.events import JointsSeen
from ami_ros.safety.situation import Situation
from ami_ros.types import Level

LIMIT, PATIENCE_NS = SETTINGS.still_joints_travel, round(SETTINGS.tracking_patience_s * 1e9)
HERE, WAY = np.array(HOME), np.linspace(0.2, 1.0, JOINTS)  # the fastest joint counts


def judge(still: StillJoints, after_ns: int = 0):
    return still.judge(Situation(START_NS + after_ns))


def see(still: StillJoints, measured, commanded) -> None:
    still.see(JointsSeen(measured, START_NS, START_NS), Situation(START_NS, commanded=commanded))


def repeated(*ways: float) -> StillJoints:
    """Return a check that saw the same joints while commands were at these shares of the limit."""
    still = StillJoints(SETTINGS)
    for way in (0.0, *ways):
        see(still, HERE.copy(), HERE + way * LIMIT * WAY)
    return still


def test_a_robot_at_rest_may_repeat_itself_for_ever():
    assert judge(repeated(*[0.0] * 1000)).level is Level.PASS


def test_nothing_known_is_nothing_wrong():
    assert judge(StillJoints(SETTINGS)).level is Level.PASS


def test_beyond_the_limit_it_holds_and_says_by_how_much():
    assert judge(repeated(1.0 - 1e-9)).level is Level.PASS
    verdict = judge(repeated(1.0 + 1e-9))
    assert (verdict.level, verdict.reasons[0].code) == (Level.HOLD, "JOINTS_FROZEN")
    assert verdict.reasons[0].numbers["travel"] == pytest.approx(LIMIT)
    assert verdict.reasons[0].numbers["repeats"] == 1


def test_there_and_back_counts_as_the_whole_way():
    assert judge(repeated(0.4, 0.0, 0.4)).level is Level.HOLD


def test_the_smallest_change_ends_it():
    still = repeated(0.9)
    see(still, np.nextafter(HERE, 9.0), HERE + LIMIT * WAY)
    see(still, np.nextafter(HERE, 9.0), HERE + 1.9 * LIMIT * WAY)
    assert judge(still).level is Level.PASS
    see(still, np.nextafter(HERE, 9.0), HERE + 2.1 * LIMIT * WAY)
    assert judge(still).level is Level.HOLD


def test_what_lasts_stops_and_what_is_forgotten_does_not():
    still = repeated(2.0)
    assert judge(still).level is Level.HOLD
    assert judge(still, PATIENCE_NS).level is Level.HOLD
    assert judge(still, PATIENCE_NS + 1).level is Level.STOP
    still.forget()
    assert judge(still, PATIENCE_NS + 2).level is Level.PASS
