# SPDX-License-Identifier: Apache-2.0
"""From a wanted velocity to the next commanded state: the nearest one that every limit allows."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.motion.approach import Approach
from ami_ros.safety.motion.brake import Brake
from ami_ros.safety.motion.braking_distance import BrakingDistance
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.jerk_limit import JerkLimit
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.step_limit import Step, StepLimit
from ami_ros.safety.motion.velocity_limit import VelocityLimit
from ami_ros.safety.motion.wanted_limit import NOTICEABLE, WantedLimit
from ami_ros.safety.motion.zone_limit import ZoneLimit
from ami_ros.safety.motion.zones import Zones
from ami_ros.safety.reasons import ReasonCode
from ami_ros.types import PASS, FloatArray, Level, Reason, Verdict

HALVINGS = 3  # of the wanted velocity, in search of the largest share that is allowed: to an eighth


class Stepping:
    """Moves the commanded state on by one tick, or brakes.

    A new kind of limit is a file of its own and one line in one of the two tuples below.

    Args:
        limits: in force.
        zones: in force; None for a body that has no place in space.
        dt_s: one tick.
    """

    def __init__(self, limits: MotionLimits, zones: Zones | None, dt_s: float) -> None:
        self._limits, self._dt_s = limits, dt_s
        self._approach = Approach(limits, dt_s)
        # In this order: each takes what the one before has left.
        self._wanted_limits: tuple[WantedLimit, ...] = (VelocityLimit(limits), self._approach)
        self._jerk_limit = JerkLimit(limits, dt_s)
        self._step_limits: tuple[StepLimit, ...] = (
            BrakingDistance(limits),
            *(() if zones is None else (ZoneLimit(zones),)),
        )

    def brake(self, state: ChannelState) -> ChannelState:
        """Return the state one tick further on the fastest stop."""
        if not state.velocity.any() and not state.acceleration.any():
            return state
        return Brake(state, self._limits).at(self._dt_s)

    def hold(self, state: ChannelState, rest: FloatArray | None) -> ChannelState:
        """Return the state one tick further on the way to standing still.

        Args:
            state: commanded now.
            rest: (C,) the values that stand for standing still; None: whatever they are when they rest.
        """
        if rest is None:
            return self.brake(state)
        # Slowing down in time: beyond it a base would drive the other way.
        way = rest - state.position
        return self.toward(state, np.sign(way) * self._approach.stoppable(np.abs(way)))[0]

    def toward(self, state: ChannelState, wanted: FloatArray) -> tuple[ChannelState, Verdict]:
        """Return the state one tick later and a verdict naming every limit that bit.

        Args:
            state: commanded now.
            wanted: (C,) velocity, per second; one that is not finite brakes.
        """
        if not np.isfinite(wanted).all():
            return self.brake(state), ReasonCode.VELOCITY_NOT_FINITE.verdict(Level.HOLD)
        verdict = PASS
        for limit in self._wanted_limits:
            wanted, limited = limit.limit(state, wanted)
            verdict |= limited
        after = self._jerk_limit.toward(state, wanted)
        if after is None:
            return self.brake(state), verdict | ReasonCode.FOLLOWING_FAILED.verdict(Level.LIMITED)
        problem = self._problem(state, after)
        if problem is not None:
            return self._largest_allowed(state, wanted), verdict | Verdict(Level.LIMITED, (problem,))
        return after, verdict | self._ramped(state, after, wanted)

    def _problem(self, before: ChannelState, after: ChannelState) -> Reason | None:
        step = Step(before, after, self._limits)
        for limit in self._step_limits:
            problem = limit.problem(step)
            if problem is not None:
                return problem
        return None

    def _ramped(self, before: ChannelState, after: ChannelState, wanted: FloatArray) -> Verdict:
        missing = float(np.abs(after.velocity - wanted).max())
        if missing <= NOTICEABLE:
            return PASS
        worst = float((np.abs(wanted - before.velocity) / (self._limits.acceleration * self._dt_s)).max())
        if worst > 1.0:
            return ReasonCode.ACCELERATION_LIMIT.verdict(Level.LIMITED, ratio=worst)
        return ReasonCode.JERK_LIMIT.verdict(Level.LIMITED, missing_velocity=missing)

    def _largest_allowed(self, state: ChannelState, wanted: FloatArray) -> ChannelState:
        """Return the step toward the largest share of `wanted` that is allowed, else the braking step."""
        best, low, high = self.brake(state), 0.0, 1.0
        for _ in range(HALVINGS):
            share = 0.5 * (low + high)
            after = self._jerk_limit.toward(state, share * wanted)
            if after is not None and self._problem(state, after) is None:
                best, low = after, share
            else:
                high = share
        return best
