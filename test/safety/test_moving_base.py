# SPDX-License-Identifier: Apache-2.0
"""A base whose channels are velocities moves as long as they are not zero, however evenly."""

from __future__ import annotations

import numpy as np
import pytest
from bodies.driven_base import CHANNELS, DrivenBase

from ami_ros.types import Level


@pytest.fixture
def driving() -> DrivenBase:
    """A base at a steady speed, which it neither gains nor loses."""
    base = DrivenBase((-2.0, -1.0, 0.0))
    base.tick(2)
    for _ in range(10):
        base.propose((0.3, 0.0), (0.3, 0.0), (0.3, 0.0))
        base.tick(15)
    np.testing.assert_allclose(base.command, (0.3, 0.0), atol=1e-4)
    return base


def codes(verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def test_at_a_steady_speed_it_is_not_at_rest_until_a_hold_has_brought_it_there(driving):
    assert not driving.gate.at_rest
    driving.gate.estop(True, driving.now_ns)
    driving.tick(200)
    assert driving.gate.at_rest


def test_it_is_not_re_armed_while_it_drives(driving):
    driving.gate.estop(True, driving.now_ns)
    driving.gate.estop(False, driving.now_ns)
    refused = driving.gate.rearm(driving.now_ns)
    assert (refused.level, codes(refused)) == (Level.STOP, ["STILL_MOVING"])
    driving.tick(200)
    assert driving.gate.rearm(driving.now_ns).level is Level.PASS


def test_commands_that_begin_again_after_a_stall_begin_with_standing_still(driving):
    driving.now_ns += 3_000_000_000
    driving.gate.reset()
    for _ in range(300):
        driving.tick()
        assert not driving.command.any()
    driving.propose((0.2, 0.0), (0.2, 0.0), (0.2, 0.0))
    driving.tick(20)
    assert driving.command[CHANNELS.index("vx")] > 0.0
