# SPDX-License-Identifier: Apache-2.0
"""Where a stream of commands may restart: only where the robot can have moved since the last command."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.motion.brake import Brake
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.types import FloatArray


class StreamStart:
    """Keeps the stream of commands continuous across a re-arm, a restart and a jump of the clock.

    After each of them the stream restarts where the robot is measured to be. From one tick to the next that
    can be a leap that no robot can make. So the gate is silent, and the controller holds the arm, until a
    motion within the limits explains the way. Time is counted in ticks: setting a clock cannot make it
    longer.

    Args:
        limits: the robot's own.
        dt_s: one tick.
    """

    def __init__(self, limits: MotionLimits, dt_s: float) -> None:
        self._limits, self._dt_s = limits, dt_s
        self.forget()

    def forget(self) -> None:
        """Forget the last command: the robot was put elsewhere, as the reset of a simulator does."""
        self._left: ChannelState | None = None
        self._ticks = 0

    def leave(self, state: ChannelState | None) -> None:
        """Note the state that was commanded last; None leaves what was noted before."""
        if state is not None:
            self._left, self._ticks = state, 0

    def last(self) -> FloatArray | None:
        """Return the position (C,) that was commanded last; None if there is none that counts."""
        return None if self._left is None else self._left.position

    def wait_s(self, measured: FloatArray) -> float:
        """Count one tick and return how long the commands still have to wait, s; 0 if they may begin.

        Source: rest to rest within limits on velocity, acceleration and jerk takes at most as long as the
        three limits together would, each alone: d / v + 2 sqrt(d / a) + (32 d / j)^(1/3). Compare Biagiotti
        and Melchiorri, "Trajectory Planning for Automatic Machines and Robots" (2008), chapter 3.
        """
        if self._left is None:
            return 0.0
        self._ticks += 1
        stop = Brake(self._left, self._limits)
        way = np.abs(measured - stop.at(stop.duration_s).position)
        limits = self._limits
        needed = way / limits.velocity + 2.0 * np.sqrt(way / limits.acceleration)
        needed = needed + np.cbrt(32.0 * way / limits.jerk)
        return max(0.0, stop.duration_s + float(needed.max()) - self._ticks * self._dt_s)
