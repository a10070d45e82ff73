# SPDX-License-Identifier: Apache-2.0
"""The seam of a limit on a step: what may follow from one tick to the next."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ami_ros.safety.motion.brake import Brake
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.types import FloatArray, Reason

ROUNDING = 1e-9


class Step:
    """A step that somebody asks for, and the full stop that would follow it: computed once for all limits.

    Attributes:
        before: the state now.
        after: the state one tick later.
        stop: the fastest stop from `after`.
        low: (C,) the lowest position on the way to the stop.
        high: (C,) the highest.
    """

    def __init__(self, before: ChannelState, after: ChannelState, limits: MotionLimits) -> None:
        self.before, self.after = before, after
        self.stop = Brake(after, limits)
        self.low, self.high = self.stop.reach()

    def furthest_out(self, lower: FloatArray, upper: FloatArray) -> tuple[int, float] | None:
        """Return the channel that the stop takes furthest out of bounds (C,), and how far; None if none.

        Where a channel is outside already, its position now is the bound: nothing may get worse.
        """
        position = self.before.position
        beyond = np.maximum(np.minimum(lower, position) - self.low, self.high - np.maximum(upper, position))
        if (beyond <= ROUNDING).all():  # NaN is not
            return None
        channel = int(beyond.argmax())
        return channel, float(beyond[channel])


class StepLimit(Protocol):
    """One kind of limit on a step. Together they are the invariant of the gate.

    After every step the robot can still stop inside every limit and zone. Where it is already outside, a step
    is allowed if nothing gets worse. Braking itself needs no permission: the stop from the state before was
    judged when that state was allowed.
    """

    def problem(self, step: Step) -> Reason | None:
        """Return why the robot must not take this step; None if it may."""
