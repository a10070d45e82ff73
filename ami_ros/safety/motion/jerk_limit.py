# SPDX-License-Identifier: Apache-2.0
"""One tick toward a wanted velocity, within acceleration and jerk limits, all joints together."""

from __future__ import annotations

import numpy as np
import ruckig

from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.types import FloatArray

FINE = (ruckig.Result.Working, ruckig.Result.Finished)
ROUNDING = 1e-6  # relative: what ruckig's own root finding may leave


class JerkLimit:
    """Moves the commanded state by one tick.

    Joints are synchronised by phase, so that the change of velocity keeps its direction; where their states
    don't allow that they arrive at the same time.

    Args:
        limits: in force.
        dt_s: one tick.
    """

    def __init__(self, limits: MotionLimits, dt_s: float) -> None:
        self._limits, self._dt_s = limits, dt_s
        count = len(limits.velocity)
        self._free = not np.isfinite(limits.acceleration[0]) and not np.isfinite(limits.jerk[0])
        self._ruckig, self._path = ruckig.Ruckig(count), ruckig.Trajectory(count)
        self._input = ruckig.InputParameter(count)
        self._input.control_interface = ruckig.ControlInterface.Velocity
        self._input.synchronization = ruckig.Synchronization.Phase
        self._input.max_velocity = [1e9] * count  # not used to steer a velocity, but must be a number
        self._input.max_acceleration = limits.acceleration.tolist()
        self._input.max_jerk = limits.jerk.tolist()

    def toward(self, state: ChannelState, wanted: FloatArray) -> ChannelState | None:
        """Return the state (J,) one tick later on the fastest way to velocity `wanted` (J,).

        None when there is none that keeps the limits: the caller brakes.
        """
        if self._free:
            return ChannelState(state.position + wanted * self._dt_s, wanted, np.zeros_like(wanted))
        self._input.current_position = state.position.tolist()
        self._input.current_velocity = state.velocity.tolist()
        self._input.current_acceleration = state.acceleration.tolist()
        self._input.target_velocity = wanted.tolist()
        try:
            if self._ruckig.calculate(self._input, self._path) not in FINE:
                return None
        except (ruckig.RuckigError, ValueError):  # the latter: a result unknown to its Python binding
            return None
        found = ChannelState(*(np.array(values) for values in self._path.at_time(self._dt_s)[:3]))
        return found if self._keeps_limits(state, found) else None

    def _keeps_limits(self, before: ChannelState, after: ChannelState) -> bool:
        """Whether the step can be true; written so that NaN is not."""
        largest = np.maximum(self._limits.acceleration, np.abs(before.acceleration)) * (1.0 + ROUNDING)
        change = np.abs(after.velocity - before.velocity)
        fastest = np.maximum(np.abs(before.velocity), np.abs(after.velocity)) + largest * self._dt_s
        return bool(
            (np.abs(after.acceleration) <= largest).all()
            and (change <= largest * self._dt_s + 1e-12).all()
            and self._ramps(before, after)
            and (np.abs(after.position - before.position) <= fastest * self._dt_s + 1e-12).all()
        )

    def _ramps(self, before: ChannelState, after: ChannelState) -> bool:
        if not np.isfinite(self._limits.jerk[0]):
            return True  # an acceleration that may jump can be any within its limit
        ramp = np.abs(after.acceleration - before.acceleration)
        return bool((ramp <= self._limits.jerk * self._dt_s * (1.0 + ROUNDING) + 1e-9).all())
