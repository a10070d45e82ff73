# SPDX-License-Identifier: Apache-2.0
"""Steps within acceleration and jerk: where the library that finds them gives up, nothing breaks."""

from __future__ import annotations

import numpy as np
import pytest

from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.jerk_limit import JerkLimit
from ami_ros.safety.motion.limits import MotionLimits

COUNT, DT_S = 3, 0.01


@pytest.mark.parametrize(("acceleration", "jerk"), [(1.0, 1e-9), (1e-9, 1e9)])
def test_limits_with_which_nothing_gets_anywhere_are_left_to_the_caller(acceleration, jerk):
    """As an operator may restrict them: the caller brakes then."""
    wide, limits = np.full(COUNT, 9.0), {"acceleration": acceleration, "jerk": jerk}
    steps = JerkLimit(
        MotionLimits(-wide, wide, np.ones(COUNT), **{k: np.full(COUNT, v) for k, v in limits.items()}), DT_S
    )
    moving = ChannelState(np.zeros(COUNT), np.ones(COUNT), np.zeros(COUNT))
    assert steps.toward(moving, -np.ones(COUNT)) is None
