# SPDX-License-Identifier: Apache-2.0
"""The interface of a limit on a step from one tick to the next."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ami_ros.safety.motion.brake import Brake
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.types import FloatArray, Reason

ROUNDING = 1e-9


class Step:
    """A requested step and the stops that could follow it: computed once for all limits.

    Two stops have to exist after each step: the full one, under the robot's own limits, by which a hold ends
    the motion, and a gentle one, under the limits in force, by which the motion slows down where it must.
    Where nothing restricts acceleration or jerk they are the same.

    Args:
        before: the state now.
        after: the state one tick later.
        limits: in force on the motion.
        full: limits of a stop; the same object where nothing is restricted.

    Attributes:
        before: the state now.
        after: the state one tick later.
        stop: the gentle stop from `after`.
        full_stop: the full stop from `after`.
    """

    def __init__(
        self, before: ChannelState, after: ChannelState, limits: MotionLimits, full: MotionLimits
    ) -> None:
        self.before, self.after = before, after
        self.full_stop = Brake(after, full)
        self.stop = self.full_stop if limits is full else Brake(after, limits)
        self._full_reach = self.full_stop.reach()
        self.low, self.high = self._full_reach
        if self.stop is not self.full_stop:
            low, high = self.stop.reach()
            self.low, self.high = np.minimum(self.low, low), np.maximum(self.high, high)

    @property
    def stops(self) -> tuple[Brake, ...]:
        """The stops that could follow: one, or the gentle and the full one."""
        return (self.stop,) if self.stop is self.full_stop else (self.stop, self.full_stop)

    def furthest_out(
        self, lower: FloatArray, upper: FloatArray, full_only: bool = False
    ) -> tuple[int, float] | None:
        """Return the channel that a stop takes furthest out of bounds (C,), and how far; None if none.

        Where a channel is already outside, its current position is the bound: nothing may get worse.
        """
        position = self.before.position
        low, high = self._full_reach if full_only else (self.low, self.high)
        beyond = np.maximum(np.minimum(lower, position) - low, high - np.maximum(upper, position))
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

    def problem(self, step: Step, slack_m: float = 0.0) -> Reason | None:
        """Return why the robot must not take this step; None if it may.

        `slack_m` further into a zone is no reason: sampled postures cannot resolve less.
        """
